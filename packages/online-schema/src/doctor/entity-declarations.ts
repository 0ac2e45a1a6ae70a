import type { DataSource, EntityMetadata } from 'typeorm';
import { readDeclaredIndexes, tablesOf } from '../specification/read-entity-indexes';
import type { IndexShape } from './read-index-shapes';

/** An entity, as the one in which something is declared. */
export interface DeclaringEntity {
  readonly name: string;
  /** A table that TypeORM makes for a relation, with its indexes: nobody has written a class for it. */
  readonly isJoinTable: boolean;
  /** The properties behind columns of its table, in their order: a relation stands for all that join it. */
  propertiesOf(columns: readonly string[]): readonly string[];
}

/** What of the database the entities declare, and where. */
export interface Declarations {
  /** Undefined for an index that no entity declares, and for one that is left to somebody else. */
  ofIndex(index: IndexName): DeclaringEntity | undefined;
  ofTable(table: Pick<IndexShape, 'schema' | 'table'>): DeclaringEntity | undefined;
}

type IndexName = Pick<IndexShape, 'schema' | 'table' | 'name' | 'constraint'>;

/** @param schemaOf Where the entity's table is. */
export function readDeclarations(
  dataSource: DataSource,
  schemaOf: (metadata: EntityMetadata) => string,
): Declarations {
  // Of entities that share a table, the ancestor of all.
  const all = tablesOf(dataSource).toSorted((one, other) => Number(isChild(one)) - Number(isChild(other)));
  const places = all.map((metadata) => ({
    schema: schemaOf(metadata),
    table: metadata.tableName,
    indexes: new Set(indexesOf(metadata)),
    constraints: new Set(constraintsOf(metadata)),
    entity: {
      name: metadata.name,
      isJoinTable: metadata.tableType === 'junction',
      propertiesOf: (columns: readonly string[]) => propertiesOf(metadata, columns),
    },
  }));
  const ofTable = ({ schema, table }: Pick<IndexName, 'schema' | 'table'>) =>
    places.filter((place) => place.schema === schema && place.table === table);
  return {
    ofTable: (table) => ofTable(table)[0]?.entity,
    ofIndex: ({ name, constraint, ...table }) =>
      ofTable(table).find(({ indexes, constraints }) =>
        constraint === null ? indexes.has(name) : constraints.has(constraint),
      )?.entity,
  };
}

function isChild({ tableType }: EntityMetadata): boolean {
  return tableType === 'entity-child';
}

function indexesOf(metadata: EntityMetadata): (string | undefined)[] {
  const throughTypeOrm = metadata.indices.filter(({ synchronize }) => synchronize);
  return [
    ...readDeclaredIndexes(metadata).map(({ definition }) => definition.name),
    ...throughTypeOrm.map(({ name }) => name),
  ];
}

function constraintsOf({ uniques, exclusions }: EntityMetadata): (string | undefined)[] {
  return [...uniques, ...exclusions].map(({ name }) => name);
}

function propertiesOf({ relations, columns: own }: EntityMetadata, columns: readonly string[]): string[] {
  const relation = relations.find(
    ({ joinColumns }) =>
      joinColumns.length === columns.length &&
      joinColumns.every(({ databaseName }, at) => databaseName === columns[at]),
  );
  if (relation !== undefined) return [relation.propertyPath];
  return columns.map((name) => own.find((one) => one.databaseName === name)?.propertyPath ?? name);
}
