import { InvalidOptionError, requireNumber } from '@holdfast/resilience';
import { type DataSource, Migration, MigrationExecutor, type QueryRunner } from 'typeorm';
import { isAbortError } from '../migration/abortable-wait';
import { uninterrupted } from '../migration/run-context';
import { refuseOpenTransaction } from './open-transaction';
import { requireReadableLedger } from './read-ledger';
import { RunStoppedError, UnknownMigrationError } from './run-error';
import { isTransactional, type MigrationRun, runMigrations } from './run-migrations';
import { type RunOptions, readRunSettings } from './run-options';
import { withRunSession } from './run-session';
import { migrationName } from './status';

/** How much is reverted. `steps` and `to` exclude each other. */
export interface RevertRange {
  /** How many of the last migrations. An integer of at least 1. Default 1. */
  readonly steps?: number | undefined;
  /** Everything after the migration of that name, which itself stays applied. */
  readonly to?: string | undefined;
}

/** What `revert` may be told. */
export interface RevertOptions extends RunOptions, RevertRange {}

/**
 * Reverts the last migrations, the latest first, and takes each out of TypeORM's own table: as many as asked for and
 * never more. Runs as `migrate` does, and takes turns with it.
 *
 * @throws UnknownMigrationError, before anything is reverted, when one of them is not in this build, or `to` names
 * none that is applied.
 * @throws MigrationFailedError for the first that fails.
 * @throws RunStoppedError when the signal aborts.
 * @throws InvalidOptionError for an option out of range.
 */
export async function revert(dataSource: DataSource, options: RevertOptions = {}): Promise<string[]> {
  const { steps, to } = options;
  const settings = readRunSettings('revert', options, ['steps', 'to']);
  requireRange({ steps, to });
  try {
    return await withRunSession(dataSource, 'holdfast revert', settings, async (runner) => {
      const executor = new MigrationExecutor(dataSource, runner);
      await requireReadableLedger(dataSource, runner);
      const doomed = await readReverted(dataSource, executor, { steps, to });
      const runs = doomed.map((migration) => planDown(dataSource, executor, runner, migration));
      return runMigrations(dataSource, runner, 'down', runs);
    });
  } catch (error) {
    if (error instanceof RunStoppedError || !isAbortError(error)) throw error;
    throw new RunStoppedError('down', [], [], error);
  }
}

/** The migrations that would be reverted, the latest first. @throws UnknownMigrationError */
export async function readReverted(
  dataSource: DataSource,
  executor: MigrationExecutor,
  { steps = 1, to }: RevertRange,
): Promise<Migration[]> {
  // The latest first, as TypeORM's own command has it.
  const applied = await executor.getExecutedMigrations();
  const kept = to === undefined ? steps : applied.findIndex(({ name }) => name === to);
  if (kept < 0 && to !== undefined) {
    throw new UnknownMigrationError(to, `no applied migration is called ${to}, so nothing was reverted`);
  }
  return applied.slice(0, kept).map(({ id, timestamp, name }) => {
    const instance = dataSource.migrations.find((one) => migrationName(one) === name);
    if (instance !== undefined) return new Migration(id, timestamp, name, instance);
    throw new UnknownMigrationError(
      name,
      `${name} is applied and not in this build, so nothing was reverted; use the build that has it`,
    );
  });
}

/** @throws InvalidOptionError */
export function requireRange({ steps, to }: RevertRange): void {
  if (steps !== undefined) requireNumber('steps', steps, { min: 1, integer: true });
  if (steps !== undefined && to !== undefined)
    throw new InvalidOptionError('to', to, 'left out when steps is given');
}

function planDown(
  dataSource: DataSource,
  executor: MigrationExecutor,
  runner: QueryRunner,
  migration: Migration,
): MigrationRun {
  const undo = async () => void (await migration.instance?.down(runner));
  const strike = () => executor.deleteMigration(migration);
  const run = isTransactional(dataSource, migration)
    ? async () => {
        await undo();
        await strike();
      }
    : async () => {
        await undo();
        await refuseOpenTransaction(runner);
        // What is undone is struck out, even when the run is stopped just then.
        await uninterrupted(runner, strike);
      };
  return { migration, run };
}
