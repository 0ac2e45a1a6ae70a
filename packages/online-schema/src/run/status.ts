import { type DataSource, MigrationExecutor, type MigrationInterface, type QueryRunner } from 'typeorm';
import { quoteLedger } from '../migration/ledger-table';
import { readLockHolder } from '../migration/migration-lock';
import { requireReadableLedger } from './read-ledger';
import type { LockHolder } from './run-event';

/**
 * - `applied`: in the ledger and in this build.
 * - `pending`: in this build and not in the ledger.
 * - `unknown`: in the ledger and not in this build, which is older or newer than the one that applied it.
 */
export type MigrationState = 'applied' | 'pending' | 'unknown';

/** Where one migration stands. */
export interface MigrationStatus {
  readonly name: string;
  readonly state: MigrationState;
  /** When it was entered in the ledger; null unless the server keeps that (`track_commit_timestamp`). */
  readonly appliedAt: Date | null;
}

/** Where the migrations of a database stand, and who works on them. */
export interface RunStatus {
  /** Applied and unknown ones in the order in which they were applied, then those pending in the order they will be. */
  readonly migrations: readonly MigrationStatus[];
  /** The run under way; null if there is none. */
  readonly run: LockHolder | null;
}

/**
 * Reads where the migrations stand. Nothing is written: where there is no ledger yet, all of them are pending.
 *
 * @throws CatalogError when this role may not read the ledger.
 */
export async function readStatus(dataSource: DataSource): Promise<RunStatus> {
  const runner = dataSource.createQueryRunner();
  try {
    const executor = new MigrationExecutor(dataSource, runner);
    const known = new Set(dataSource.migrations.map(migrationName));
    await requireReadableLedger(dataSource, runner);
    const applied = (await executor.getExecutedMigrations()).toReversed();
    const times = applied.length === 0 ? new Map() : await readTimes(dataSource, runner);
    const pending = await executor.getPendingMigrations();
    return {
      migrations: [
        ...applied.map(({ name }) => ({
          name,
          state: known.has(name) ? ('applied' as const) : ('unknown' as const),
          appliedAt: times.get(name) ?? null,
        })),
        ...pending.map(({ name }) => ({ name, state: 'pending' as const, appliedAt: null })),
      ],
      run: (await readLockHolder(runner)) ?? null,
    };
  } finally {
    await runner.release();
  }
}

/** The name by which TypeORM knows the migration. */
export function migrationName(migration: MigrationInterface): string {
  return migration.name ?? migration.constructor.name;
}

async function readTimes(dataSource: DataSource, runner: QueryRunner): Promise<Map<string, Date | null>> {
  const rows: { name: string; at: Date | null }[] = await runner.query(
    `select name, case when current_setting('track_commit_timestamp')::boolean then pg_xact_commit_timestamp(xmin) end as at
     from ${quoteLedger(dataSource)}`,
  );
  return new Map(rows.map(({ name, at }) => [name, at]));
}
