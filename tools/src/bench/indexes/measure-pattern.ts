import { performance } from 'node:perf_hooks';
import {
  captureStatements,
  type PlanMode,
  runPrepared,
  type SentStatement,
  type Session,
  type StatementRun,
} from '@holdfast/online-schema';
import { CUSTOM_PLAN } from '@holdfast/postgres';
import type { QueryRunner } from 'typeorm';
import { readPercentile } from './growth';
import type { Pattern } from './patterns';

/** What a pattern touched, all statements of its call together. */
export interface PatternCost {
  readonly statements: number;
  readonly rows: number;
  /** Under the kind of plan that touches more. */
  readonly buffers: number;
  readonly buffersOf: Readonly<Partial<Record<PlanMode, number>>>;
  /** Of its dearest statement: buffers, and how many more they are than its rows. */
  readonly mostBuffers: number;
  readonly mostBeyondRows: number;
  /** Of the statement that touches most. */
  readonly plan: string;
  readonly indexes: readonly string[];
}

/** What a pattern took. */
export interface PatternFigures extends PatternCost {
  readonly medianMs: number;
  readonly p99Ms: number;
  /** Calls that the times are of. */
  readonly repetitions: number;
}

export interface RepetitionLimits {
  /** How long, and how often at most, a call is repeated; at least three times. */
  readonly budgetMs: number;
  readonly repetitions: number;
}

export interface PatternOptions extends RepetitionLimits {
  /** Puts a statement into other words before it is sent. Default: as it is. */
  readonly rephrase?: (sql: string) => string;
}

const LEAST_REPETITIONS = 3;

/** A statement that touches more is measured once: what it finds cold weighs nothing, and it takes seconds. */
const COLD_BUFFERS = 5_000;

/**
 * Measures a call of the application inside a transaction, which it leaves as it was: each statement is explained under
 * every kind of plan that it may get, in the state that it meets; then calls are timed as they are.
 */
export async function measurePattern(
  runner: QueryRunner,
  pattern: Pattern,
  { budgetMs, repetitions, rephrase = (sql) => sql }: PatternOptions,
): Promise<PatternFigures> {
  const cost = await explainPattern(runner, pattern, rephrase);
  const elapsed = await rephrased(runner, rephrase, () =>
    time(runner, pattern, cost, { budgetMs, repetitions }),
  );
  return {
    ...cost,
    medianMs: readPercentile(elapsed, 0.5),
    p99Ms: readPercentile(elapsed, 0.99),
    repetitions: elapsed.length,
  };
}

/** Statements that write nothing. */
export const READ = /^\s*(?:\/\*.*?\*\/\s*)?select\b/is;

const INSERT = /^\s*insert\b[^()]*\([^()]*\)\s*values\b/i;

type RunsOfStatement = readonly { readonly mode: PlanMode; readonly run: StatementRun }[];

/** What the call touches; it is undone. */
export async function explainPattern(
  runner: QueryRunner,
  pattern: Pattern,
  rephrase: (sql: string) => string = (sql) => sql,
): Promise<PatternCost> {
  const statements: RunsOfStatement[] = [];
  const before = async ({ sql, parameters }: SentStatement, session: Session): Promise<void> => {
    const statement = { sql: rephrase(sql), parameters };
    const runs = [];
    for (const mode of listModes(pattern, statement)) {
      const once = () => undone(session, () => runPrepared(session, statement, mode));
      const first = await once();
      runs.push({ mode, run: first.buffers > COLD_BUFFERS ? first : await once() });
    }
    // Left on, it would go with what the call sends next.
    await session.query('set local plan_cache_mode = auto');
    statements.push(runs);
  };
  await rephrased(runner, rephrase, () =>
    undone(runner, () => captureStatements(runner, () => pattern.run(runner.manager), { before })),
  );
  return sum(pattern, statements);
}

/** One that is planned for its values each time never gets a plan for any; without values there is one plan. */
function listModes({ plans }: Pattern, { sql, parameters }: SentStatement): readonly PlanMode[] {
  if (sql.includes(CUSTOM_PLAN)) return ['custom'];
  // What inserts values has nothing to plan, and each row that was undone is in the way of a unique index at the next.
  return parameters.length === 0 || INSERT.test(sql) ? plans.slice(0, 1) : plans;
}

function sum({ plans }: Pattern, statements: readonly RunsOfStatement[]): PatternCost {
  const runsUnder = (mode: PlanMode) =>
    statements.flatMap((runs) => (runs.find((one) => one.mode === mode) ?? runs[0])?.run ?? []);
  const byMode = plans.map((mode) => {
    const runs = runsUnder(mode);
    return { mode, runs, buffers: runs.reduce((total, { buffers }) => total + buffers, 0) };
  });
  const [worst] = byMode.toSorted((one, other) => other.buffers - one.buffers);
  const runs = worst?.runs ?? [];
  const [most] = runs.toSorted((one, other) => other.buffers - one.buffers);
  const all = statements.flatMap((each) => each.map(({ run }) => run));
  return {
    statements: statements.length,
    rows: runs.reduce((total, run) => total + run.rows, 0),
    buffers: worst?.buffers ?? 0,
    buffersOf: Object.fromEntries(byMode.map(({ mode, buffers }) => [mode, buffers])),
    mostBuffers: Math.max(0, ...all.map(({ buffers }) => buffers)),
    mostBeyondRows: Math.max(0, ...all.map(({ buffers, rows }) => buffers - rows)),
    plan: most?.plan ?? '',
    indexes: [...new Set(runs.flatMap((run) => run.indexes))],
  };
}

async function time(
  runner: QueryRunner,
  pattern: Pattern,
  { buffers }: PatternCost,
  { budgetMs, repetitions }: RepetitionLimits,
): Promise<readonly number[]> {
  const elapsed: number[] = [];
  const once = () =>
    undone(runner, async () => {
      const startedMs = performance.now();
      await pattern.run(runner.manager);
      return performance.now() - startedMs;
    });
  // The driver has not prepared its statements yet.
  if (buffers <= COLD_BUFFERS) await once();
  const fromMs = performance.now();
  while (
    elapsed.length < repetitions &&
    (elapsed.length < LEAST_REPETITIONS || performance.now() - fromMs < budgetMs)
  ) {
    elapsed.push(await once());
  }
  return elapsed;
}

/** While the work runs, the runner sends everything in other words. */
async function rephrased<T>(
  runner: QueryRunner,
  rephrase: (sql: string) => string,
  work: () => Promise<T>,
): Promise<T> {
  const { query } = runner;
  const other: typeof query = (sql: string, ...rest: []) =>
    query.call(runner, rephrase(sql), ...rest) as never;
  Object.assign(runner, { query: other });
  try {
    return await work();
  } finally {
    Reflect.deleteProperty(runner, 'query');
  }
}

/** What the work writes is gone afterwards; the transaction goes on, also after a refusal. */
async function undone<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.query('savepoint holdfast_pattern');
  try {
    return await work();
  } finally {
    await session.query('rollback to savepoint holdfast_pattern');
    await session.query('release savepoint holdfast_pattern');
  }
}
