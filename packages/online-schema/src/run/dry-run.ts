import { type DataSource, type Migration, MigrationExecutor, type QueryRunner } from 'typeorm';
import { attachRun } from '../migration/run-context';
import { reasonOf } from '../text/reason-of';
import { readPending, requireReadableLedger } from './read-ledger';
import { type RevertRange, readReverted, requireRange } from './revert';
import { isTransactional } from './run-migrations';
import { StatementNotes } from './statement-notes';

/** What one migration would send to the server. */
export interface DryRunMigration {
  readonly name: string;
  /** Whether its statements share a transaction. */
  readonly transaction: boolean;
  readonly statements: readonly string[];
  /** What cannot be told as a statement, in a sentence each. */
  readonly notes: readonly string[];
}

/** What a run would do. */
export interface DryRun {
  readonly direction: 'up' | 'down';
  readonly migrations: readonly DryRunMigration[];
}

/**
 * What `migrate` would do now: the pending migrations, with the statements of each. Nothing is written: a migration's
 * own statements are noted instead of sent, what it reads it reads in a transaction that is read-only, and indexes are
 * compared in one that is rolled back. It is given no other connection of the DataSource, so that only one that opens
 * a client by itself could write. A statement that depends on what one before it would have done cannot be told,
 * and a note says so.
 */
export async function planMigrate(dataSource: DataSource): Promise<DryRun> {
  return plan(dataSource, 'up', (executor, runner) => readPending(dataSource, executor, runner));
}

/**
 * What `revert` would do now, told as `planMigrate` tells it.
 *
 * @throws UnknownMigrationError, InvalidOptionError as `revert` does.
 */
export async function planRevert(dataSource: DataSource, range: RevertRange = {}): Promise<DryRun> {
  requireRange(range);
  return plan(dataSource, 'down', async (executor, runner) => {
    await requireReadableLedger(dataSource, runner);
    return readReverted(dataSource, executor, range);
  });
}

async function plan(
  dataSource: DataSource,
  direction: 'up' | 'down',
  read: (executor: MigrationExecutor, runner: QueryRunner) => Promise<Migration[]>,
): Promise<DryRun> {
  const runner = dataSource.createQueryRunner();
  // Given back before migrations are looked at: the pool may have no second one.
  const due = await read(new MigrationExecutor(dataSource, runner), runner).finally(() => runner.release());
  const migrations: DryRunMigration[] = [];
  for (const migration of due) migrations.push(await noteMigration(dataSource, migration, direction));
  return { direction, migrations };
}

async function noteMigration(
  dataSource: DataSource,
  migration: Migration,
  direction: 'up' | 'down',
): Promise<DryRunMigration> {
  const { name, instance } = migration;
  const transaction = isTransactional(dataSource, migration);
  const runner = dataSource.createQueryRunner();
  const notes = new StatementNotes(runner);
  const admitConnections = refuseConnections(dataSource);
  attachRun(runner, { report: () => undefined, recorder: notes });
  try {
    await (direction === 'up'
      ? instance?.up(asSeenBy(runner, transaction))
      : instance?.down(asSeenBy(runner, transaction)));
  } catch (error) {
    const reason = reasonOf(error);
    notes.note(`what follows depends on what comes before it and cannot be told: ${reason}`);
  } finally {
    admitConnections();
    await runner.release();
  }
  return { name, transaction, statements: notes.statements, notes: notes.notes };
}

/** What a migration sends over another connection than the one it is given would be done in earnest. */
function refuseConnections(dataSource: DataSource): () => void {
  const own = Object.getOwnPropertyDescriptor(dataSource, 'createQueryRunner');
  dataSource.createQueryRunner = () => {
    throw new Error('it asks for a connection of its own, over which it would write');
  };
  return () => {
    if (own === undefined) Reflect.deleteProperty(dataSource, 'createQueryRunner');
    else Object.defineProperty(dataSource, 'createQueryRunner', own);
  };
}

/** A migration may ask whether it is in a transaction. */
function asSeenBy(runner: QueryRunner, transaction: boolean): QueryRunner {
  Object.assign(runner, { isTransactionActive: transaction });
  return runner;
}
