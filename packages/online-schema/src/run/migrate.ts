import { type DataSource, type Migration, MigrationExecutor, type QueryRunner } from 'typeorm';
import { abortWaitsWith, isAbortError } from '../migration/abortable-wait';
import { inTransaction } from '../migration/in-transaction';
import { type LockHolder, withMigrationLock } from '../migration/migration-lock';
import { listenToSteps, type MigrationStep } from '../migration/steps';

/** What a run tells about itself, in the order in which it happens. */
export type MigrateEvent =
  | { readonly type: 'waiting'; readonly holder: LockHolder | undefined }
  | { readonly type: 'started'; readonly name: string; readonly number: number; readonly total: number }
  | ({ readonly type: 'step' } & MigrationStep)
  | { readonly type: 'applied'; readonly name: string; readonly elapsedMs: number };

export interface MigrateOptions {
  readonly report?: (event: MigrateEvent) => void;
  /** Ends the wait for another run or for somebody's build, and the run itself between two migrations. */
  readonly signal?: AbortSignal;
}

/** A migration that failed. Those before it stay applied; it and those after it run at the next attempt. */
export class MigrationFailedError extends Error {
  override readonly name = 'MigrationFailedError';
  readonly code = 'HOLDFAST_MIGRATION_FAILED';

  constructor(
    readonly migration: string,
    cause: unknown,
  ) {
    super(`${migration}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/**
 * Applies the pending migrations one by one, in the order of their timestamps, and enters each in TypeORM's own
 * table, so that the typeorm command agrees. Of several runs at once one works and the others wait for it, and
 * then find nothing to do. Resolves to the names of what this run applied.
 *
 * @throws MigrationFailedError for the first migration that fails.
 */
export async function migrate(dataSource: DataSource, options: MigrateOptions = {}): Promise<string[]> {
  const { report = () => undefined, signal } = options;
  const runner = dataSource.createQueryRunner();
  try {
    await runner.connect();
    if (signal !== undefined) abortWaitsWith(runner, signal);
    listenToSteps(runner, (step) => report({ type: 'step', ...step }));
    return await withMigrationLock(runner, { onWait: (holder) => report({ type: 'waiting', holder }) }, () =>
      applyPending(dataSource, runner, report, signal),
    );
  } finally {
    await runner.release();
  }
}

async function applyPending(
  dataSource: DataSource,
  runner: QueryRunner,
  report: (event: MigrateEvent) => void,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const executor = new MigrationExecutor(dataSource, runner);
  const pending = await executor.getPendingMigrations();
  const applied: string[] = [];
  for (const [at, migration] of pending.entries()) {
    signal?.throwIfAborted();
    report({ type: 'started', name: migration.name, number: at + 1, total: pending.length });
    const startedAt = performance.now();
    await apply(dataSource, executor, runner, migration, signal);
    applied.push(migration.name);
    report({ type: 'applied', name: migration.name, elapsedMs: performance.now() - startedAt });
  }
  return applied;
}

async function apply(
  dataSource: DataSource,
  executor: MigrationExecutor,
  runner: QueryRunner,
  migration: Migration,
  signal: AbortSignal | undefined,
): Promise<void> {
  const run = async () => {
    await executor.executeMigration(migration);
  };
  const transactional =
    migration.instance?.transaction ?? dataSource.options.migrationsTransactionMode !== 'none';
  try {
    await (transactional ? inTransaction(runner, run) : run());
  } catch (error) {
    // Whoever gave up waiting knows it; nothing is wrong with the migration.
    if (signal?.aborted && isAbortError(error)) throw error;
    throw new MigrationFailedError(migration.name, error);
  }
}
