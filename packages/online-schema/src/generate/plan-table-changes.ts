import type { DataSource, EntityMetadata, QueryRunner, Table, TableColumn } from 'typeorm';
import { RdbmsSchemaBuilder } from 'typeorm/schema-builder/RdbmsSchemaBuilder.js';
import { tablesOf } from '../specification/read-entity-indexes';
import { GenerateError } from './generate-error';

/** A statement with the values TypeORM would bind to it. */
export interface Statement {
  readonly query: string;
  readonly parameters: readonly unknown[];
}

/** A column as the database has it now. */
export interface ColumnName {
  /** As TypeORM names tables: with the schema in front where it is not the default one. */
  readonly table: string;
  readonly column: string;
}

/** Changes to tables, columns, types and constraints: all in one transaction, up and down. */
export interface TableChanges {
  readonly up: readonly Statement[];
  /** In the order in which they must run. */
  readonly down: readonly Statement[];
  /** Columns that will be gone, with what is in them. */
  readonly dropped: readonly ColumnName[];
  /** Columns that will have another name. */
  readonly renamed: readonly ColumnName[];
}

/**
 * What TypeORM's schema builder would do to the tables, without a single index: the builder neither sees the
 * indexes of the database nor those of the entities, since it compares columns as a set and drops what it
 * half understands.
 *
 * @throws GenerateError for a change that TypeORM makes by dropping a column and adding it again, empty; and for a
 * new unique constraint on a table that exists, which would build its index with writers locked out.
 */
export async function planTableChanges(dataSource: DataSource): Promise<TableChanges> {
  await refuseUniqueConstraints(dataSource);
  const restore = hideEntityIndexes(dataSource);
  const columns = new ColumnRecord();
  try {
    const { upQueries, downQueries } = await new RdbmsSchemaBuilder(
      withoutIndexes(dataSource, columns),
    ).log();
    columns.refuseRecreation();
    return {
      up: upQueries.map(toStatement),
      down: downQueries.map(toStatement).reverse(),
      dropped: columns.dropped,
      renamed: columns.renamed,
    };
  } finally {
    restore();
  }
}

/** What the schema builder does to columns, written down as it does it. */
class ColumnRecord {
  readonly dropped: ColumnName[] = [];
  readonly added: ColumnName[] = [];
  readonly renamed: ColumnName[] = [];

  listen(runner: QueryRunner): void {
    const { dropColumn, addColumn, renameColumn } = runner;
    runner.dropColumn = (table, column, ...rest) => {
      this.dropped.push(nameOf(table, column));
      return dropColumn.call(runner, table, column, ...rest);
    };
    runner.addColumn = (table, column) => {
      this.added.push(nameOf(table, column));
      return addColumn.call(runner, table, column);
    };
    runner.renameColumn = (table, before, after) => {
      this.renamed.push(nameOf(table, before));
      return renameColumn.call(runner, table, before, after);
    };
  }

  refuseRecreation(): void {
    const recreated = this.dropped.find(({ table, column }) =>
      this.added.some((added) => added.table === table && added.column === column),
    );
    if (recreated === undefined) return;
    const { table, column } = recreated;
    throw new GenerateError(
      'HOLDFAST_COLUMN_RECREATED',
      `column "${column}" of "${table}" has another type, length or expression, for which TypeORM would drop the ` +
        'column with all that is in it and add it again, empty; write the change by hand ' +
        `(npx typeorm migration:create, then ALTER TABLE "${table}" ALTER COLUMN "${column}" TYPE …, or a new column ` +
        'that is filled and then takes its place), apply it, and generate again',
    );
  }
}

function nameOf(table: Table | string, column: TableColumn | string): ColumnName {
  return {
    table: typeof table === 'string' ? table : table.name,
    column: typeof column === 'string' ? column : column.name,
  };
}

/** The same DataSource, whose query runners read tables without their indexes and write down what they do to columns. */
function withoutIndexes(dataSource: DataSource, columns: ColumnRecord): DataSource {
  return Object.create(dataSource, {
    createQueryRunner: {
      value: (...args: Parameters<DataSource['createQueryRunner']>): QueryRunner => {
        const runner = dataSource.createQueryRunner(...args);
        columns.listen(runner);
        const getTables = runner.getTables.bind(runner);
        runner.getTables = async (paths) => {
          const tables = await getTables(paths);
          for (const table of tables) table.indices = [];
          return tables;
        };
        return runner;
      },
    },
  });
}

function hideEntityIndexes(dataSource: DataSource): () => void {
  const synchronised = tablesOf(dataSource)
    .flatMap(({ indices }) => indices)
    .filter(({ synchronize }) => synchronize);
  for (const index of synchronised) index.synchronize = false;
  return () => {
    for (const index of synchronised) index.synchronize = true;
  };
}

async function refuseUniqueConstraints(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    for (const metadata of tablesOf(dataSource)) {
      const table = await runner.getTable(metadata.tablePath);
      const added = metadata.uniques.find(
        ({ name }) => !table?.uniques.some((unique) => unique.name === name),
      );
      if (table === undefined || added === undefined) continue;
      throw new GenerateError('HOLDFAST_UNIQUE_ON_EXISTING_TABLE', describeUnique(metadata, added.columns));
    }
  } finally {
    await runner.release();
  }
}

function describeUnique(metadata: EntityMetadata, columns: EntityMetadata['columns']): string {
  const relation = columns[0]?.relationMetadata;
  const properties = columns.map((column) => column.relationMetadata?.propertyPath ?? column.propertyPath);
  const names = [...new Set(properties)];
  const replacement = `@Index([${names.map((name) => `'${name}'`).join(', ')}], { unique: true })`;
  return (
    `${metadata.name}: a unique constraint on ${names.join(', ')} would lock writers out of "${metadata.tableName}" ` +
    `while its index is built; ${relation?.isOneToOne ? 'make the @OneToOne a @ManyToOne and ' : ''}declare it as ` +
    `${replacement}, which is built concurrently`
  );
}

function toStatement({
  query,
  parameters,
}: {
  query: string;
  parameters?: unknown[] | undefined;
}): Statement {
  return { query, parameters: parameters ?? [] };
}
