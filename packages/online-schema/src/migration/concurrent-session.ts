import type { QueryRunner } from 'typeorm';
import type { CatalogTable } from '../catalog/read-table';
import { MigrationError } from './migration-error';
import { waitForBuilds } from './wait-for-builds';

/**
 * Runs a CONCURRENTLY statement on an index of the table the way it must be: outside a transaction, while no other
 * session builds an index of that table, and without the session's timeouts. Waiting for old snapshots counts as
 * a lock wait, so a short `lock_timeout` would leave an invalid index behind as soon as anybody reads for longer;
 * `statement_timeout` the same on a large table.
 */
export async function runConcurrently(
  runner: QueryRunner,
  table: CatalogTable,
  statement: string,
): Promise<void> {
  refuseTransaction(runner);
  await waitForBuilds(runner, table);
  const before: { lock: string; statement: string }[] = await runner.query(
    `select current_setting('lock_timeout') as lock, current_setting('statement_timeout') as statement`,
  );
  await setTimeouts(runner, '0', '0');
  try {
    await runner.query(statement);
  } finally {
    // If the connection is gone the settings are too, and the first error is the one to hear about.
    await setTimeouts(runner, before[0]?.lock ?? '0', before[0]?.statement ?? '0').catch(() => undefined);
  }
}

/** Says how to mend it, because PostgreSQL's 25001 does not know of TypeORM's settings. */
export function refuseTransaction(runner: QueryRunner): void {
  if (!runner.isTransactionActive) return;
  throw new MigrationError(
    'HOLDFAST_INSIDE_TRANSACTION',
    'an index cannot be built or dropped concurrently inside a transaction; set ' +
      `migrationsTransactionMode: 'none' in the DataSource and transaction = false in the migration`,
  );
}

/** Says what to do instead of PostgreSQL's 0A000, before anything is dropped to make room. */
export function refusePartitioned(
  { partitioned, schema, name: table }: CatalogTable,
  statement: 'CREATE' | 'DROP',
  index: string,
): void {
  if (!partitioned) return;
  const instead =
    statement === 'CREATE'
      ? 'build it concurrently on each partition, then on the parent with CREATE INDEX ... ON ONLY, and attach ' +
        'the partitions to it with ALTER INDEX ... ATTACH PARTITION'
      : 'drop it with DROP INDEX, which locks readers and writers of every partition out for a moment';
  throw new MigrationError(
    'HOLDFAST_INDEX_ON_PARTITIONED_TABLE',
    `${statement} INDEX CONCURRENTLY cannot be used on a partitioned table, as ${schema}.${table} is; ` +
      `index ${index}: ${instead}`,
  );
}

async function setTimeouts(runner: QueryRunner, lock: string, statement: string): Promise<void> {
  await runner.query(
    `select set_config('lock_timeout', $1, false), set_config('statement_timeout', $2, false)`,
    [lock, statement],
  );
}
