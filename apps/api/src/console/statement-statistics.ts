import { createHash } from 'node:crypto';
import { createStatementDescriber, type DatabaseEventSource } from '@holdfast/observability';

/** What is known of one statement. */
export interface StatementStatistics {
  /** Names it in the console. */
  readonly id: string;
  /** Without values: see `describeStatement`. */
  readonly text: string;
  readonly pool: string;
  readonly count: number;
  readonly failed: number;
  /** The wait for the connection is not counted. */
  readonly worstMs: number;
  /** Of its latest runs, at most `RECENT_RUNS`. */
  readonly p95Ms: number;
}

interface Entry {
  readonly id: string;
  readonly text: string;
  readonly pool: string;
  /** As it was sent. May hold values where it has no placeholders, so it is never shown. */
  readonly sent: string;
  readonly recentMs: number[];
  count: number;
  failed: number;
  worstMs: number;
}

const MAX_TEXT_LENGTH = 1_000;
const MAX_STATEMENTS = 200;
const RECENT_RUNS = 128;

/** How long each statement takes, by its text. Bounded: of too many, the one whose worst run was best is forgotten. */
export class StatementStatisticsRecorder {
  readonly #describe = createStatementDescriber(MAX_TEXT_LENGTH, MAX_STATEMENTS);
  readonly #entries = new Map<string, Entry>();

  /** Follows the statements of a source until the returned function is called. */
  follow(source: DatabaseEventSource): () => void {
    return source.on('operation', ({ pool, text, durationMs, error }) =>
      this.#record(pool, text, durationMs, error !== undefined),
    );
  }

  /** The statements whose worst run took longest, slowest first. */
  listSlowest(limit: number): readonly StatementStatistics[] {
    return [...this.#entries.values()]
      .sort((a, b) => b.worstMs - a.worstMs)
      .slice(0, limit)
      .map(({ id, text, pool, count, failed, worstMs, recentMs }) => ({
        id,
        text,
        pool,
        count,
        failed,
        worstMs: round(worstMs),
        p95Ms: round(quantile(recentMs, 0.95)),
      }));
  }

  /** The statement as it was sent, for explaining it and nothing else; undefined when it is not known. */
  findSent(id: string): string | undefined {
    for (const entry of this.#entries.values()) if (entry.id === id) return entry.sent;
    return undefined;
  }

  #record(pool: string, sent: string, durationMs: number, hasFailed: boolean): void {
    const text = this.#describe(sent);
    const key = `${pool}\n${text}`;
    const entry = this.#entries.get(key) ?? this.#enter(key, pool, text, sent);
    entry.recentMs[entry.count % RECENT_RUNS] = durationMs;
    entry.count += 1;
    if (hasFailed) entry.failed += 1;
    entry.worstMs = Math.max(entry.worstMs, durationMs);
  }

  #enter(key: string, pool: string, text: string, sent: string): Entry {
    if (this.#entries.size >= MAX_STATEMENTS) this.#forgetFastest();
    const id = createHash('sha256').update(key).digest('hex').slice(0, 12);
    const entry = { id, text, pool, sent, recentMs: [], count: 0, failed: 0, worstMs: 0 };
    this.#entries.set(key, entry);
    return entry;
  }

  #forgetFastest(): void {
    let fastest: readonly [string, Entry] | undefined;
    for (const pair of this.#entries)
      if (fastest === undefined || pair[1].worstMs < fastest[1].worstMs) fastest = pair;
    if (fastest !== undefined) this.#entries.delete(fastest[0]);
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
