import type { StepProgress } from '../run/run-event';

/** Whatever can be asked a question: a query runner, or a connection of its own. */
export interface Questioner {
  // biome-ignore lint/suspicious/noExplicitAny: as TypeORM has it; rows are typed where they are read.
  query(sql: string, parameters?: unknown[]): Promise<any>;
}

interface ProgressRow {
  readonly phase: string;
  readonly blocks_done: number | null;
  readonly blocks_total: number | null;
  readonly tuples_done: number | null;
  readonly tuples_total: number | null;
  readonly lockers_done: number | null;
  readonly lockers_total: number | null;
}

/** How far the index build of that session has come; undefined while it builds none, or where this role may not see it. */
export async function readBuildProgress(
  questioner: Questioner,
  pid: number,
): Promise<Omit<StepProgress, 'remainingMs'> | undefined> {
  const rows: ProgressRow[] = await questioner.query(
    `select phase, blocks_done::float8, blocks_total::float8, tuples_done::float8, tuples_total::float8,
       lockers_done::float8, lockers_total::float8
     from pg_stat_progress_create_index
     where pid = $1 and phase is not null`,
    [pid],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { phase } = row;
  // A phase leaves the counts of those before it in place.
  if (phase.startsWith('waiting for '))
    return measure(phase, 'sessions', row.lockers_done, row.lockers_total);
  if ((row.blocks_total ?? 0) > 0) return measure(phase, 'blocks', row.blocks_done, row.blocks_total);
  return measure(phase, 'tuples', row.tuples_done, row.tuples_total);
}

function measure(
  phase: string,
  unit: NonNullable<StepProgress['unit']>,
  done: number | null,
  total: number | null,
): Omit<StepProgress, 'remainingMs'> {
  if (total === null || total <= 0) return { phase, done: 0, total: 0, unit: undefined };
  return { phase, done: Math.min(done ?? 0, total), total, unit };
}
