import type { DataSource, Migration, QueryRunner } from 'typeorm';
import { throwIfAborted } from '../migration/abortable-wait';
import { inTransaction } from '../migration/in-transaction';
import { runOf } from '../migration/run-context';
import { within } from '../migration/steps';
import { MigrationFailedError, RunStoppedError } from './run-error';

/** One migration in one direction: its work, and the entry of it in the ledger. */
export interface MigrationRun {
  readonly migration: Migration;
  readonly run: () => Promise<void>;
}

/**
 * Runs migrations one by one and tells of each; those that want a transaction have one, which nobody waits behind for
 * long. Resolves to the names of what was run.
 *
 * @throws MigrationFailedError for the first that fails.
 * @throws RunStoppedError when the run's signal aborts.
 */
export async function runMigrations(
  dataSource: DataSource,
  runner: QueryRunner,
  direction: 'up' | 'down',
  runs: readonly MigrationRun[],
): Promise<string[]> {
  const { report, signal } = runOf(runner);
  const names = runs.map(({ migration }) => migration.name);
  report({ type: 'pending', direction, names });
  for (const [at, { migration, run }] of runs.entries()) {
    const { name } = migration;
    try {
      throwIfAborted(runner);
      report({ type: 'started', name, number: at + 1, total: runs.length });
      const startedAt = performance.now();
      await within(runner, name, () =>
        isTransactional(dataSource, migration) ? inTransaction(runner, run) : run(),
      );
      const elapsedMs = performance.now() - startedAt;
      report({ type: direction === 'up' ? 'applied' : 'reverted', name, elapsedMs });
    } catch (error) {
      // Whoever stopped the run knows it, and whatever is wrong beside that the next run says again.
      if (signal?.aborted) throw new RunStoppedError(direction, names.slice(0, at), names.slice(at), error);
      throw new MigrationFailedError(name, error);
    }
  }
  return names;
}

/** Whether TypeORM would run the migration in a transaction. */
export function isTransactional({ options }: DataSource, { instance }: Migration): boolean {
  return instance?.transaction ?? options.migrationsTransactionMode !== 'none';
}
