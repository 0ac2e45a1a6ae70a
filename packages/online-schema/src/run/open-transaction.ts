import type { QueryRunner } from 'typeorm';
import { sqlStateOf } from '../catalog/sqlstate';
import { MigrationError } from '../migration/migration-error';
import { uninterrupted } from '../migration/run-context';

/**
 * Lets pass only a session without a transaction. What is written into one that a migration has begun and never ended,
 * the entry in the ledger included, is gone with the connection, and its locks stay until then. It is rolled back.
 *
 * @throws MigrationError HOLDFAST_TRANSACTION_LEFT_OPEN
 */
export async function refuseOpenTransaction(runner: QueryRunner): Promise<void> {
  if (!(await rollBackOpen(runner))) return;
  throw new MigrationError(
    'HOLDFAST_TRANSACTION_LEFT_OPEN',
    'it has begun a transaction and not ended it, so what was done in that is undone; let it COMMIT what it BEGINs, ' +
      'or work in inTransaction',
  );
}

/** Afterwards the session is in no transaction, whoever began one. Resolves to whether there was one. */
export async function rollBackOpen(runner: QueryRunner): Promise<boolean> {
  return uninterrupted(runner, async () => {
    if (!(await isOpen(runner))) return false;
    await runner.query('ROLLBACK');
    return true;
  });
}

/** By the clock, as TypeORM knows nothing of a BEGIN that a migration sends itself: a transaction has its own time. */
async function isOpen(runner: QueryRunner): Promise<boolean> {
  try {
    const rows: { open: boolean }[] = await runner.query(
      'select transaction_timestamp() <> statement_timestamp() as open',
    );
    return rows[0]?.open === true;
  } catch (error) {
    // in_failed_sql_transaction
    if (sqlStateOf(error) === '25P02') return true;
    throw error;
  }
}
