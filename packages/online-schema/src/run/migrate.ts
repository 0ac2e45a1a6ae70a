import { type DataSource, Migration, MigrationExecutor, type QueryRunner } from 'typeorm';
import { isAbortError } from '../migration/abortable-wait';
import { uninterrupted } from '../migration/run-context';
import { healIndexes } from './heal-indexes';
import { refuseOpenTransaction } from './open-transaction';
import { readPending } from './read-ledger';
import { RunStoppedError } from './run-error';
import { isTransactional, type MigrationRun, runMigrations } from './run-migrations';
import { type RunOptions, readRunSettings } from './run-options';
import { withRunSession } from './run-session';

/**
 * Applies the pending migrations one by one, in the order of their timestamps, and enters each in TypeORM's own
 * table, so that the typeorm command agrees. Of several runs at once one works and the others wait for it, and
 * then find nothing to do. Resolves to the names of what this run applied.
 *
 * Migrations that want a transaction stop nobody for longer than `lockTimeoutMs`: they are begun again until they have
 * their locks. At the end every declared index that is invalid is rebuilt, whoever left it.
 *
 * @throws MigrationFailedError for the first migration that fails.
 * @throws UnknownMigrationError when migrations are applied and this build has none at all.
 * @throws CatalogError when this role may not read which migrations are applied.
 * @throws RunStoppedError when the signal aborts: what was under way is cleared away.
 * @throws InvalidOptionError for an option out of range, before anything runs.
 */
export async function migrate(dataSource: DataSource, options: RunOptions = {}): Promise<string[]> {
  const settings = readRunSettings('migrate', options);
  try {
    return await withRunSession(dataSource, 'holdfast migrate', settings, async (runner) => {
      const executor = new MigrationExecutor(dataSource, runner);
      const pending = await readPending(dataSource, executor, runner);
      const runs = pending.map((migration) => planUp(dataSource, executor, runner, migration));
      const applied = await runMigrations(dataSource, runner, 'up', runs);
      await healIndexes(dataSource, runner).catch((error: unknown) => {
        throw isAbortError(error) ? new RunStoppedError('up', applied, [], error) : error;
      });
      return applied;
    });
  } catch (error) {
    if (error instanceof RunStoppedError || !isAbortError(error)) throw error;
    throw new RunStoppedError('up', [], [], error);
  }
}

function planUp(
  dataSource: DataSource,
  executor: MigrationExecutor,
  runner: QueryRunner,
  migration: Migration,
): MigrationRun {
  const { timestamp, name, instance } = migration;
  if (instance === undefined || isTransactional(dataSource, migration)) {
    return { migration, run: async () => void (await executor.executeMigration(migration)) };
  }
  // What is done is entered, even when the run is stopped just then: nothing would undo it.
  const entry = new Migration(undefined, timestamp, name, { up: async () => {}, down: async () => {} });
  return {
    migration,
    run: async () => {
      await instance.up(runner);
      await refuseOpenTransaction(runner);
      await uninterrupted(runner, () => executor.executeMigration(entry));
    },
  };
}
