import type { DataSource, QueryRunner } from 'typeorm';
import { RdbmsSchemaBuilder } from 'typeorm/schema-builder/RdbmsSchemaBuilder.js';
import { tablesOf } from '../specification/read-entity-indexes';
import { GenerateError } from './generate-error';

/** A statement with the values TypeORM would bind to it. */
export interface Statement {
  readonly query: string;
  readonly parameters: readonly unknown[];
}

/** Changes to tables, columns, types and constraints: all in one transaction, up and down. */
export interface TableChanges {
  readonly up: readonly Statement[];
  /** In the order in which they must run. */
  readonly down: readonly Statement[];
}

/**
 * What TypeORM's schema builder would do to the tables, without a single index: the builder neither sees the
 * indexes of the database nor those of the entities, since it compares columns as a set and drops what it
 * half understands.
 *
 * @throws GenerateError for a new unique constraint on a table that exists, which would build its index with
 * writers locked out.
 */
export async function planTableChanges(dataSource: DataSource): Promise<TableChanges> {
  await refuseUniqueConstraints(dataSource);
  const restore = hideEntityIndexes(dataSource);
  try {
    const { upQueries, downQueries } = await new RdbmsSchemaBuilder(withoutIndexes(dataSource)).log();
    return { up: upQueries.map(toStatement), down: downQueries.map(toStatement).reverse() };
  } finally {
    restore();
  }
}

/** The same DataSource, whose query runners read tables without their indexes. */
function withoutIndexes(dataSource: DataSource): DataSource {
  return Object.create(dataSource, {
    createQueryRunner: {
      value: (...args: Parameters<DataSource['createQueryRunner']>): QueryRunner => {
        const runner = dataSource.createQueryRunner(...args);
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
      if (table === undefined) continue;
      const added = metadata.uniques.find(
        ({ name }) => !table.uniques.some((unique) => unique.name === name),
      );
      if (added === undefined) continue;
      const properties = added.columns.map(({ propertyPath }) => propertyPath);
      throw new GenerateError(
        'HOLDFAST_UNIQUE_ON_EXISTING_TABLE',
        `${metadata.name}: a unique constraint on ${properties.join(', ')} would lock writers out of ` +
          `"${metadata.tableName}" while its index is built; declare it as ` +
          `@Index([${properties.map((property) => `'${property}'`).join(', ')}], { unique: true }), ` +
          'which is built concurrently',
      );
    }
  } finally {
    await runner.release();
  }
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
