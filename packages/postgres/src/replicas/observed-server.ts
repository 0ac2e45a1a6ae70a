import { performance } from 'node:perf_hooks';
import type { PooledClient } from '../connection/pooled-client';
import type { HoldfastPool } from '../pool/pool';
import { type Lsn, parseLsn } from './lsn';
import { readTimeline, type Timeline } from './timeline';

/** A server that is silent for longer is unreachable, in milliseconds. */
const ANSWER_MS = 1_000;

/** What a server said when it was looked at. */
export interface Observation {
  readonly isStandby: boolean;
  /** Where its log is: replayed on a standby, written on a primary. */
  readonly lsn: Lsn;
  /**
   * How long ago the last transaction that a standby has replayed was committed, in milliseconds by the clocks of both servers; infinite when it
   * has replayed none. It grows while nobody writes, too.
   */
  readonly replayedAgoMs: number;
  /** Of a primary that tells it. */
  readonly timeline: Timeline | undefined;
  /** As `ServerIdentity.instance`. */
  readonly instance: string | undefined;
  /** Monotonic, in milliseconds: when it was asked. */
  readonly atMs: number;
  /** When it had answered. */
  readonly answeredAtMs: number;
}

/** Looks at one server through a connection beside its pool, which is opened again when it broke. */
export class ObservedServer {
  readonly #pool: HoldfastPool;
  #client: PooledClient | undefined;
  #looking: Promise<Observation | undefined> | undefined;

  constructor(pool: HoldfastPool) {
    this.#pool = pool;
  }

  /**
   * Resolves within bounded time; undefined when the server cannot be reached. Never rejects. Whoever asks while it is
   * being looked at gets the same answer.
   */
  look(): Promise<Observation | undefined> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** The next look opens a connection, as a reader would have to. */
  disconnect(): void {
    this.#client?.cut();
    this.#client = undefined;
  }

  async #look(): Promise<Observation | undefined> {
    try {
      const client = await this.#connect();
      const timer = setTimeout(() => client.cut(), ANSWER_MS);
      try {
        const atMs = performance.now();
        const { rows } = await client.query<Row>(LOOK);
        const [row] = rows;
        if (row === undefined) return undefined;
        const answeredAtMs = performance.now();
        return {
          isStandby: row.isStandby,
          lsn: parseLsn(row.lsn),
          replayedAgoMs: row.replayedAgoMs ?? Number.POSITIVE_INFINITY,
          timeline: row.isStandby ? undefined : await readTimeline(client),
          instance: client.identity?.instance,
          atMs,
          answeredAtMs,
        };
      } finally {
        clearTimeout(timer);
      }
    } catch {
      return undefined;
    }
  }

  async #connect(): Promise<PooledClient> {
    if (this.#client !== undefined && !this.#client.isDoomed) return this.#client;
    this.#client = undefined;
    this.#client = await this.#pool.openSeparately(ANSWER_MS);
    return this.#client;
  }
}

interface Row {
  readonly isStandby: boolean;
  readonly lsn: string;
  readonly replayedAgoMs: number | null;
}

const LOOK = `
  SELECT pg_is_in_recovery() AS "isStandby",
         CASE
           WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_replay_lsn(), '0/0')
           ELSE pg_current_wal_lsn()
         END::text AS "lsn",
         (extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::float8 AS "replayedAgoMs"
`;
