import type { DataSource, EntityMetadata } from 'typeorm';
import { type IndexDeclaration, indexDeclarationsOf, type KeyFunction } from '../declaration/declarations';
import { IndexDeclarationError } from '../declaration/index-declaration-error';
import type { IndexKey, KeyModifiers } from '../declaration/index-key';
import { methodOf } from '../declaration/index-options';
import { SqlFragment } from '../declaration/sql-fragment';
import { quoteIdentifier } from './identifier';
import type { IndexDefinition } from './index-definition';
import { columnsOfProperty, propertiesOf } from './property-columns';

/**
 * Every index that the entities of an initialised DataSource declare: through `@Index` of this package, and
 * through TypeORM's own where it is synchronised. Ordered by table, then as declared.
 *
 * @throws IndexDeclarationError for a property the entity does not have, and for one name on two indexes.
 */
export function readEntityIndexes(dataSource: DataSource): IndexDefinition[] {
  const definitions = new Map<string, IndexDefinition>();
  for (const metadata of tablesOf(dataSource)) {
    const own = readDeclaredIndexes(metadata).map(({ definition }) => definition);
    for (const definition of [...own, ...declaredThroughTypeOrm(metadata, own)]) {
      const key = `${definition.schema ?? ''}.${definition.name}`;
      const known = definitions.get(key);
      if (known === undefined) {
        definitions.set(key, definition);
      } else if (JSON.stringify(known) !== JSON.stringify(definition)) {
        // Entities that share a table (single-table inheritance) repeat the same index; anything else is a clash.
        const problem = `the name is taken by another index, on table "${known.table}"`;
        throw new IndexDeclarationError(metadata.name, definition.name, problem);
      }
    }
  }
  return [...definitions.values()];
}

/** Names of indexes that entities mention but leave to somebody else (`synchronize: false`). */
export function readForeignIndexNames(dataSource: DataSource): ReadonlySet<string> {
  const owned = new Set(readEntityIndexes(dataSource).map(({ name }) => name));
  const mentioned = tablesOf(dataSource).flatMap((metadata) => metadata.indices.map(({ name }) => name));
  return new Set(mentioned.filter((name) => !owned.has(name)));
}

/** Metadata of the entities whose tables the schema owns. */
export function tablesOf(dataSource: DataSource): EntityMetadata[] {
  return dataSource.entityMetadatas.filter(
    ({ synchronize, tableType }) => synchronize && tableType !== 'view',
  );
}

/** An index that an entity declares through `@Index` of this package, with what becomes of it. */
export interface DeclaredIndex {
  readonly declaration: IndexDeclaration;
  readonly definition: IndexDefinition;
}

/** The indexes that the entity's class, its ancestors and its embedded classes declare through `@Index` of this package. */
export function readDeclaredIndexes(metadata: EntityMetadata): DeclaredIndex[] {
  const own = metadata.inheritanceTree.flatMap((target) => indexDeclarationsOf(target as object));
  const embedded = metadata.allEmbeddeds.flatMap(({ type, propertyPath }) =>
    indexDeclarationsOf(type as object).map((declaration) => ({
      declaration,
      definition: define(metadata, declaration, `${propertyPath}.`),
    })),
  );
  return [
    ...own.map((declaration) => ({ declaration, definition: define(metadata, declaration, '') })),
    ...embedded,
  ];
}

function define(metadata: EntityMetadata, declaration: IndexDeclaration, prefix: string): IndexDefinition {
  const { options } = declaration;
  const name = declaration.name ?? defaultName(metadata, declaration, prefix);
  const columnsOf = (property: string) => columnNames(metadata, name, prefix + property);
  const columnOf = (property: string) => {
    const [column, ...others] = columnsOf(property);
    if (column === undefined || others.length > 0) {
      throw new IndexDeclarationError(metadata.name, name, `property "${property}" is not a single column`);
    }
    return column;
  };
  const quotedColumnOf = (property: string) => quoteIdentifier(columnOf(property));
  const { unique, nullsNotDistinct, storage, requires, where } = options;
  const method = methodOf(options);
  const include = options.include?.flatMap(columnsOf) ?? [];
  return {
    ...tableOf(metadata),
    name,
    keys: keysOf(metadata, declaration.keys).flatMap((key) => renderKey(key, columnsOf, quotedColumnOf)),
    ...(method !== 'btree' && { method }),
    ...(unique && { unique }),
    ...(nullsNotDistinct && { nullsNotDistinct }),
    ...(include.length > 0 && { include }),
    ...(where !== undefined && {
      where: where instanceof SqlFragment ? where.render(quotedColumnOf) : where,
    }),
    ...(storage && { storage }),
    ...(requires?.length && { requires }),
  };
}

/** The name that TypeORM gives an index of these columns. */
function defaultName(metadata: EntityMetadata, { keys, options }: IndexDeclaration, prefix: string): string {
  const properties = keysOf(metadata, keys).map((key) =>
    typeof key === 'string' ? key : 'property' in key ? key.property : '',
  );
  const columns = properties.flatMap((property) => columnNames(metadata, undefined, prefix + property));
  const where = typeof options.where === 'string' ? options.where : undefined;
  return metadata.dataSource.namingStrategy.indexName(metadata.tableName, columns, where);
}

function keysOf(metadata: EntityMetadata, keys: readonly IndexKey[] | KeyFunction): readonly IndexKey[] {
  if (typeof keys !== 'function') return keys;
  const result = keys(metadata.propertiesMap);
  if (Array.isArray(result)) return result.map(String);
  return Object.entries(result).map(([property, order]) => ({ property, order: order < 0 ? 'DESC' : 'ASC' }));
}

function renderKey(
  key: IndexKey,
  columnsOf: (property: string) => string[],
  quotedColumnOf: (property: string) => string,
): string[] {
  // A relation with a composite foreign key stands for all of its columns, as in TypeORM.
  if (typeof key === 'string') return columnsOf(key).map(quoteIdentifier);
  // Parentheses are always right around an expression, and needed for all but a function call.
  if (key instanceof SqlFragment) return [`(${key.render(quotedColumnOf)})`];
  if ('expression' in key) return [`(${key.expression.render(quotedColumnOf)})${renderModifiers(key)}`];
  return columnsOf(key.property).map((column) => `${quoteIdentifier(column)}${renderModifiers(key)}`);
}

function renderModifiers({ collation, operatorClass, order, nulls }: KeyModifiers): string {
  return [
    collation !== undefined && ` COLLATE ${quoteIdentifier(collation)}`,
    operatorClass !== undefined && ` ${operatorClass}`,
    order === 'DESC' && ' DESC',
    nulls !== undefined && ` NULLS ${nulls}`,
  ]
    .filter((part) => typeof part === 'string')
    .join('');
}

function columnNames(metadata: EntityMetadata, index: string | undefined, property: string): string[] {
  const columns = columnsOfProperty(metadata, property);
  if (columns !== undefined) return columns;
  const allowed = propertiesOf(metadata);
  const problem = `unknown property "${property}"; ${metadata.name} has ${allowed.join(', ')}`;
  throw new IndexDeclarationError(metadata.name, index, problem);
}

/** Indexes of TypeORM's own decorator; unnamed ones of ours are registered there as well, under the same name. */
function declaredThroughTypeOrm(
  metadata: EntityMetadata,
  own: readonly IndexDefinition[],
): IndexDefinition[] {
  return metadata.indices
    .filter(({ synchronize, name }) => synchronize && !own.some((definition) => definition.name === name))
    .map((index) => ({
      ...tableOf(metadata),
      name: index.name,
      keys: index.columns.map(({ databaseName }) => quoteIdentifier(databaseName)),
      ...(index.isSpatial
        ? { method: 'gist' }
        : index.type && index.type !== 'btree' && { method: index.type }),
      ...(index.isUnique && { unique: true }),
      ...(index.where && { where: index.where }),
    }));
}

function tableOf(metadata: EntityMetadata): Pick<IndexDefinition, 'schema' | 'table'> {
  return { ...(metadata.schema !== undefined && { schema: metadata.schema }), table: metadata.tableName };
}
