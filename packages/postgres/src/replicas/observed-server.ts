import type { PooledClient } from '../connection/pooled-client';
import type { HoldfastPool } from '../pool/pool';
import { type Lsn, parseLsn } from './lsn';

/** A server that is silent for longer is unreachable, in milliseconds. */
const ANSWER_MS = 1_000;

/** What a server said when it was looked at. */
export interface Observation {
  readonly isStandby: boolean;
  /** Where its log is: replayed on a standby, written on a primary. */
  readonly lsn: Lsn;
}

/** Looks at one server through a connection beside its pool, which is opened again when it broke. */
export class ObservedServer {
  readonly #pool: HoldfastPool;
  #client: PooledClient | undefined;

  constructor(pool: HoldfastPool) {
    this.#pool = pool;
  }

  /** Resolves within bounded time; undefined when the server cannot be reached. Never rejects. */
  async look(): Promise<Observation | undefined> {
    try {
      const client = await this.#connect();
      const timer = setTimeout(() => client.cut(), ANSWER_MS);
      try {
        const { rows } = await client.query<{ isStandby: boolean; lsn: string }>(LOOK);
        const [row] = rows;
        return row && { isStandby: row.isStandby, lsn: parseLsn(row.lsn) };
      } finally {
        clearTimeout(timer);
      }
    } catch {
      return undefined;
    }
  }

  async #connect(): Promise<PooledClient> {
    if (this.#client === undefined || this.#client.isDoomed) {
      this.#client = undefined;
      this.#client = await this.#pool.openSeparately(ANSWER_MS);
    }
    return this.#client;
  }
}

const LOOK = `
  SELECT pg_is_in_recovery() AS "isStandby",
         CASE
           WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_replay_lsn(), '0/0')
           ELSE pg_current_wal_lsn()
         END::text AS "lsn"
`;
