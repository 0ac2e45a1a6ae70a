import { readSample } from '@holdfast/db/contracts';
import { captureStatements, tryWithout } from '@holdfast/online-schema';
import type { QueryRunner } from 'typeorm';
import { FILL_WHAT_RUNNING_LEAVES } from '../../contracts/contract-database';
import { loadData } from '../../data/load-data';
import { createProgressLines } from '../../data/progress-lines';
import { phraseForLiteralSet } from '../../literal-indexes/phrase-for-literal-set';
import { openBenchServer, withDataSource } from './bench-server';
import { readIndexSizes, takeLiteralSet } from './index-sets';
import {
  explainPattern,
  measurePattern,
  type PatternFigures,
  READ,
  type RepetitionLimits,
} from './measure-pattern';
import { listPatterns, type Pattern } from './patterns';
import { TABLES } from './staged-rows';

/** What a pattern touches when one index is not there. */
interface DroppedIndex {
  readonly index: string;
  readonly buffers: number;
  /** What answers instead. */
  readonly indexes: readonly string[];
}

/** A pattern at one scale. */
export interface ScaledPattern extends Omit<Pattern, 'run' | 'plans'> {
  readonly with: PatternFigures;
  /** Without all indexes that it relies on, as far as they can go: `dropped`. */
  readonly without: PatternFigures & { readonly dropped: readonly string[] };
  /** With the literal set in the place of what ships under its names. */
  readonly literal: PatternFigures;
  /** For each index that it relies on or uses. */
  readonly drops: readonly DroppedIndex[];
}

export interface ScaleFigures {
  readonly events: number;
  /** Names of all indexes that ship. */
  readonly indexes: readonly string[];
  readonly patterns: readonly ScaledPattern[];
  /** Patterns for which there are too few rows, each with the reason. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  /** Patterns of which a statement is refused: without the index that is the rule, it would be another call. */
  readonly refused: readonly string[];
}

export interface ScaleOptions extends RepetitionLimits {
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Every pattern was measured on so many events, with all indexes, without those that it relies on, and with the literal set. */
export async function measureScale(events: number, options: ScaleOptions): Promise<ScaleFigures> {
  const { signal, say } = options;
  await using server = await openBenchServer(signal);
  say(`Loading ${events} events …`);
  const onProgress = createProgressLines(process.stderr);
  await loadData(server.url, { events }, { indexes: 'after', signal, onProgress });
  await server.checkpoint();
  return await withDataSource(server.url, async (dataSource) => {
    for (const statement of FILL_WHAT_RUNNING_LEAVES) await dataSource.query(statement);
    const sample = await readSample(dataSource);
    const runner = dataSource.createQueryRunner();
    try {
      const { reads, writes, skipped, refused } = await tryPatterns(runner, listPatterns(sample));
      const indexes = (await readIndexSizes(runner)).map(({ name }) => name);
      const shipped = await measureEach(reads, writes, runner, 'shipped', events, options, (pattern) =>
        measureShipped(runner, pattern, options),
      );
      say(`${events} events: building the literal set …`);
      await takeLiteralSet(runner);
      const literal = await measureEach(reads, writes, runner, 'literal', events, options, (pattern) =>
        tryWithout(runner, [], () =>
          measurePattern(runner, pattern, { ...options, rephrase: phraseForLiteralSet }),
        ),
      );
      const impossible = [...reads, ...writes].map(({ name }) => name).filter((name) => !shipped.has(name));
      const patterns = join(listPatterns(sample), shipped, literal);
      return { events, indexes, skipped, refused: [...refused, ...impossible], patterns };
    } finally {
      await runner.release();
    }
  });
}

type Shipped = Pick<ScaledPattern, 'with' | 'without' | 'drops'>;

function join(
  patterns: readonly Pattern[],
  shipped: ReadonlyMap<string, Shipped>,
  literal: ReadonlyMap<string, PatternFigures>,
): readonly ScaledPattern[] {
  return patterns.flatMap(({ run: _, plans: __, ...pattern }) => {
    const [own, other] = [shipped.get(pattern.name), literal.get(pattern.name)];
    return own === undefined || other === undefined ? [] : [{ ...pattern, ...own, literal: other }];
  });
}

interface TriedPatterns {
  readonly reads: readonly Pattern[];
  readonly writes: readonly Pattern[];
  readonly skipped: ScaleFigures['skipped'];
  readonly refused: readonly string[];
}

/** Calls each once, to see what it sends, and whether there are rows for it. */
async function tryPatterns(runner: QueryRunner, patterns: readonly Pattern[]): Promise<TriedPatterns> {
  const [reads, writes]: [Pattern[], Pattern[]] = [[], []];
  const skipped: { name: string; reason: string }[] = [];
  const refused: string[] = [];
  for (const pattern of patterns) {
    let isRefused = false;
    const after = async (_: unknown, error: unknown) => {
      isRefused ||= error !== undefined;
    };
    try {
      const sent = await tryWithout(runner, [], () =>
        captureStatements(runner, () => pattern.run(runner.manager), { after }),
      );
      if (isRefused) refused.push(pattern.name);
      else (sent.every(({ sql }) => READ.test(sql)) ? reads : writes).push(pattern);
    } catch (error) {
      skipped.push({ name: pattern.name, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { reads, writes, skipped, refused };
}

/**
 * First what reads: what writes leaves dead rows behind, for which an index-only scan would look into the table. And what writes begins
 * without those of others. A planner that looks for the end of an index reads a hundred pages of them each time, and who fills a
 * page of an index clears it, with a look at the table for each: an append under a condition touched 232 pages instead of 38, and an import 1,091
 * instead of 600, or not, as it happened. Leases are no rows of the data, and yet as dead: hence all tables.
 */
async function measureEach<T>(
  reads: readonly Pattern[],
  writes: readonly Pattern[],
  runner: QueryRunner,
  set: string,
  events: number,
  { signal, say }: Pick<ScaleOptions, 'signal' | 'say'>,
  measure: (pattern: Pattern) => Promise<T | undefined>,
): Promise<ReadonlyMap<string, T>> {
  const found = new Map<string, T>();
  await runner.query(`vacuum (analyze, index_cleanup on) ${TABLES.join(', ')}`);
  await runner.query('checkpoint');
  const patterns = [...reads, ...writes];
  for (const [at, pattern] of patterns.entries()) {
    signal.throwIfAborted();
    say(`${events} events, ${set} indexes, ${at + 1} of ${patterns.length}: ${pattern.name} …`);
    if (at >= reads.length) await runner.query('vacuum (index_cleanup on)');
    const figures = await measure(pattern);
    if (figures !== undefined) found.set(pattern.name, figures);
  }
  return found;
}

/** Nothing where the call cannot be made without its index, which its ON CONFLICT names. */
async function measureShipped(
  runner: QueryRunner,
  pattern: Pattern,
  limits: RepetitionLimits,
): Promise<Shipped | undefined> {
  try {
    return await measureWithAndWithout(runner, pattern, limits);
  } catch (error) {
    if ((error as { code?: unknown }).code === NO_ARBITER) return undefined;
    throw error;
  }
}

/** The server's code where no unique index fits an ON CONFLICT. */
const NO_ARBITER = '42P10';

async function measureWithAndWithout(
  runner: QueryRunner,
  pattern: Pattern,
  limits: RepetitionLimits,
): Promise<Shipped> {
  const whole = await tryWithout(runner, [], () => measurePattern(runner, pattern, limits));
  const dropped = await listDroppable(runner, pattern.indexes);
  const without = await tryWithout(runner, dropped, () => measurePattern(runner, pattern, limits));
  const drops: DroppedIndex[] = [];
  for (const index of await listDroppable(runner, [...new Set([...pattern.indexes, ...whole.indexes])])) {
    const { buffers, indexes } =
      dropped.length === 1 && dropped[0] === index
        ? without
        : await tryWithout(runner, [index], () => explainPattern(runner, pattern));
    drops.push({ index, buffers, indexes });
  }
  return { with: whole, without: { ...without, dropped }, drops };
}

/** A key to which foreign keys refer takes them along, and nothing is found by them any more: it stays where others can go. */
async function listDroppable(runner: QueryRunner, indexes: readonly string[]): Promise<readonly string[]> {
  if (indexes.length === 1) return indexes;
  const referred: { name: string }[] = await runner.query(
    `select distinct conindid::regclass::text as name from pg_constraint where contype = 'f'`,
  );
  return indexes.filter((index) => !referred.some(({ name }) => name === index));
}
