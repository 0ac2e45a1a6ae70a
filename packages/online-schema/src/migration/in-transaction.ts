import type { QueryRunner } from 'typeorm';

/**
 * Runs the work in the transaction that is open, or in one of its own. TypeORM reverts without a transaction
 * where `migrationsTransactionMode` is `none`, and a revert that stops half-way should leave nothing undone.
 */
export async function inTransaction(runner: QueryRunner, work: () => Promise<void>): Promise<void> {
  if (runner.isTransactionActive) return work();
  await runner.startTransaction();
  try {
    await work();
    await runner.commitTransaction();
  } catch (error) {
    // The work's error says what went wrong; a failing rollback only says that the connection is gone.
    await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  }
}
