import type { QueryRunner } from 'typeorm';
import { MigrationError } from './migration-error';

/**
 * Runs a CONCURRENTLY statement the way it must be: outside a transaction, and without the session's
 * timeouts. Waiting for old snapshots counts as a lock wait, so a short `lock_timeout` would leave an invalid
 * index behind as soon as anybody reads for longer; `statement_timeout` the same on a large table.
 */
export async function runConcurrently(runner: QueryRunner, statement: string): Promise<void> {
  refuseTransaction(runner);
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

async function setTimeouts(runner: QueryRunner, lock: string, statement: string): Promise<void> {
  await runner.query(
    `select set_config('lock_timeout', $1, false), set_config('statement_timeout', $2, false)`,
    [lock, statement],
  );
}
