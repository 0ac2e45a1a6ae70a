import type { QueryRunner } from 'typeorm';
import { withLockRetry } from './lock-retry';
import { uninterrupted } from './run-context';
import { currentName } from './steps';

/**
 * Runs the work in the transaction that is open, or in one of its own, which nobody waits behind for long: while it
 * cannot have a lock it is undone and begun again (`withLockRetry`), so the work may run more than once. TypeORM
 * reverts without a transaction where `migrationsTransactionMode` is `none`, and a revert that stops half-way should
 * leave nothing undone.
 */
export async function inTransaction(runner: QueryRunner, work: () => Promise<void>): Promise<void> {
  if (runner.isTransactionActive) return work();
  await withLockRetry(runner, currentName(runner) ?? 'transaction', async () => {
    await runner.startTransaction();
    try {
      await work();
      await uninterrupted(runner, () => runner.commitTransaction());
    } catch (error) {
      // The work's error says what went wrong; a failing rollback only says that the connection is gone.
      await uninterrupted(runner, () => runner.rollbackTransaction()).catch(() => undefined);
      forgetTables(runner);
      throw error;
    }
  });
}

/** TypeORM remembers tables as the work has changed them, and would not find what the rollback has brought back. */
function forgetTables(runner: QueryRunner): void {
  Object.assign(runner, { loadedTables: [], loadedViews: [], cachedTablePaths: {} });
}
