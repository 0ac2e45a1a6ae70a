import { readStatus, type StepProgress } from '@holdfast/online-schema';
import type { DataSource } from 'typeorm';

/** Where the migrations of the database stand. */
export interface MigrationsView {
  readonly applied: number;
  /** The one applied last; null before the first. */
  readonly latest: string | null;
  readonly pending: readonly string[];
  /** Applied by another build, and not in this one. */
  readonly unknown: readonly string[];
  /** The run under way; null if there is none. */
  readonly run: {
    readonly application: string | null;
    /** ISO 8601; null where the server does not tell. */
    readonly since: string | null;
    readonly progress: Pick<StepProgress, 'phase' | 'done' | 'total' | 'unit'> | null;
  } | null;
}

/** Reads where the migrations stand, and how far a run under way has come. */
export async function readMigrations(dataSource: DataSource): Promise<MigrationsView> {
  const { migrations, run } = await readStatus(dataSource);
  const namesOf = (state: string) =>
    migrations.filter((migration) => migration.state === state).map(({ name }) => name);
  const isThere = migrations.filter(({ state }) => state !== 'pending');
  return {
    applied: namesOf('applied').length,
    latest: isThere.at(-1)?.name ?? null,
    pending: namesOf('pending'),
    unknown: namesOf('unknown'),
    run: run && {
      application: run.application,
      since: run.since?.toISOString() ?? null,
      progress: run.progress && {
        phase: run.progress.phase,
        done: run.progress.done,
        total: run.progress.total,
        unit: run.progress.unit,
      },
    },
  };
}
