import type { DataSource, EntityMetadata, Table, TableCheck, TableForeignKey, TableUnique } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import type {
  CheckDefinition,
  Deferrable,
  ForeignKeyDefinition,
  ReferentialAction,
  TableTarget,
  UniqueDefinition,
} from '../recipes/recipe-definitions';
import { tablesOf } from '../specification/read-entity-indexes';

/** The entity of the table, if it has one. */
export function metadataOf(
  dataSource: DataSource,
  table: Table | TableForeignKey,
): EntityMetadata | undefined {
  const driver = dataSource.driver as PostgresDriver;
  const here = (schema: string | undefined) => schema ?? driver.schema ?? driver.searchSchema ?? 'public';
  const parsed = driver.parseTableName(table);
  return tablesOf(dataSource).find(
    ({ tableName, schema, tableType }) =>
      // A child of single-table inheritance knows a part of the table only.
      tableType !== 'entity-child' && tableName === parsed.tableName && here(schema) === here(parsed.schema),
  );
}

/** With a schema only where the entity names one; otherwise the migration leaves it to the search path as well. */
export function targetOf(dataSource: DataSource, table: Table | TableForeignKey): TableTarget {
  const metadata = metadataOf(dataSource, table);
  if (metadata !== undefined) return tableOf(metadata);
  const { schema, tableName } = (dataSource.driver as PostgresDriver).parseTableName(table);
  return { ...(schema !== undefined && { schema }), table: tableName };
}

/** The entity's table, as a migration names it. */
export function tableOf({ schema, tableName }: EntityMetadata): TableTarget {
  return { ...(schema !== undefined && { schema }), table: tableName };
}

export function toForeignKey(
  dataSource: DataSource,
  table: Table,
  foreignKey: TableForeignKey,
): ForeignKeyDefinition {
  return toForeignKeyOf(dataSource, targetOf(dataSource, table), foreignKey);
}

export function toForeignKeyOf(
  dataSource: DataSource,
  target: TableTarget,
  foreignKey: TableForeignKey,
): ForeignKeyDefinition {
  const { name = '', columnNames, referencedColumnNames, onDelete, onUpdate, deferrable } = foreignKey;
  return {
    ...target,
    name,
    columns: columnNames,
    references: { ...targetOf(dataSource, foreignKey), columns: referencedColumnNames },
    ...(isAction(onDelete) && { onDelete }),
    ...(isAction(onUpdate) && { onUpdate }),
    ...(deferrable && { deferrable: deferrable as Deferrable }),
  };
}

export function toUnique(dataSource: DataSource, table: Table, unique: TableUnique): UniqueDefinition {
  return toUniqueOf(targetOf(dataSource, table), unique);
}

export function toUniqueOf(
  target: TableTarget,
  { name = '', columnNames, deferrable }: TableUnique,
): UniqueDefinition {
  return {
    ...target,
    name,
    columns: columnNames,
    ...(deferrable && { deferrable: deferrable as Deferrable }),
  };
}

export function toCheck(
  dataSource: DataSource,
  table: Table,
  { name = '', expression = '' }: TableCheck,
): CheckDefinition {
  return { ...targetOf(dataSource, table), name, expression };
}

function isAction(action: string | undefined): action is ReferentialAction {
  return action !== undefined && action !== 'NO ACTION';
}
