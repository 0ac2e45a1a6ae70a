import { EventEmitter } from 'node:events';
import { performance } from 'node:perf_hooks';
import { classify } from '@holdfast/resilience/postgres';
import type { PoolClient } from 'pg';
import type { PooledClient } from '../connection/pooled-client';
import { type AcquireOptions, takeAcquireOptions } from '../pool/acquire-options';
import type { HoldfastPool } from '../pool/pool';
import type { ConnectCallback } from '../pool/waiter';
import { type Lsn, renderLsn } from './lsn';
import { currentReadSession, type ReadSession } from './read-session';
import { OUT_OF_SERVICE, type Replica } from './replica';
import type { ReplicaWatch } from './replica-watch';

export interface ReplicaRouterTerms {
  readonly primary: HoldfastPool;
  readonly members: readonly Replica[];
  readonly watch: ReplicaWatch;
  readonly waitMs: number;
}

/** A new connection to a replica is waited for so long, in milliseconds: the primary has one. */
const OPENING_MS = 500;
/** A connection that was lent a moment ago answers at once; one that does not within this time is cut, in milliseconds. */
const ANSWER_MS = 500;

/**
 * What TypeORM takes for the pool of its only slave: reads that it sends there go to the replica with the least to do, of
 * those that answer and are not too far behind, else to the primary.
 */
export class ReplicaRouter extends EventEmitter {
  readonly #terms: ReplicaRouterTerms;
  #turn = 0;

  constructor(terms: ReplicaRouterTerms) {
    super();
    this.#terms = terms;
  }

  connect(callback: ConnectCallback): void {
    const options = takeAcquireOptions();
    this.#acquire(options, currentReadSession()).then(
      (client) => callback(undefined, client, client.release),
      (error: Error) => callback(error, undefined, () => {}),
    );
  }

  /** The pools are closed with their DataSource; TypeORM closes the primary's by itself. */
  end(callback: (error?: Error) => void): void {
    const { members, watch } = this.#terms;
    watch.close();
    Promise.all(members.map(({ pool }) => pool.end())).then(() => callback(), callback);
  }

  async #acquire(options: AcquireOptions, session: ReadSession | undefined): Promise<PoolClient> {
    const { primary } = this.#terms;
    if (session?.needsPrimary) return primary.acquire(options);
    const startedMs = performance.now();
    const client = await this.#acquireReplica(session?.position ?? 0n, options);
    return (
      client ?? primary.acquire(shorten(options, performance.now() - startedMs, primary.settings.acquireMs))
    );
  }

  /** Undefined when no replica shows what must be seen, or soon enough. Each that fails is left out of the next choice. */
  async #acquireReplica(position: Lsn, options: AcquireOptions): Promise<PoolClient | undefined> {
    const { members, waitMs, watch } = this.#terms;
    const limitMs = Math.min(waitMs, options.remainingMs ?? waitMs);
    for (let left = members.length; left > 0; left -= 1) {
      const replica = this.#choose(position);
      if (replica === undefined) return undefined;
      if (replica.replayed < position && !(await replica.reaches(position, limitMs, options.signal))) {
        return undefined;
      }
      const client = await this.#acquireFrom(replica, options);
      if (client === 'busy') return undefined;
      if (client === 'gone') continue;
      if (position === 0n || replica.isSeenBy(client)) return client;
      const shows = await this.#shows(client, position);
      if (shows) return client;
      client.release(shows === undefined);
      if (shows === false) return undefined;
      watch.suspect(replica);
    }
    return undefined;
  }

  /** The one with the least to do; one that is known to have replayed what must be seen is preferred to any other. */
  #choose(position: Lsn): Replica | undefined {
    const healthy = this.#terms.members.filter(({ state }) => state === 'healthy');
    const upToDate = healthy.filter(({ replayed }) => replayed >= position);
    const candidates = upToDate.length > 0 ? upToDate : healthy;
    this.#turn += 1;
    const first = this.#turn % Math.max(1, candidates.length);
    // Where all have as little to do, turn by turn.
    return [...candidates.slice(first), ...candidates.slice(0, first)].reduce<Replica | undefined>(
      (least, replica) => (least === undefined || replica.load < least.load ? replica : least),
      undefined,
    );
  }

  /**
   * `busy`: others had its connections for as long as the caller may wait. `gone`: it does not answer, or does not let us
   * in; nobody waits for such a one.
   */
  async #acquireFrom(replica: Replica, options: AcquireOptions): Promise<PoolClient | 'busy' | 'gone'> {
    const { pool, service } = replica;
    const { used, free, waiting, max } = pool.stats;
    const needsOpening = free === 0 && used + waiting < max;
    const { acquireMs = pool.settings.acquireMs, signal } = options;
    try {
      return await pool.acquire({
        ...options,
        acquireMs: needsOpening ? Math.min(acquireMs, OPENING_MS) : acquireMs,
        signal: signal ? AbortSignal.any([signal, service]) : service,
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      if (error === OUT_OF_SERVICE) return 'gone';
      if (!needsOpening && classify(error, 'acquire').kind === 'overload') return 'busy';
      this.#terms.watch.suspect(replica);
      return 'gone';
    }
  }

  /** Asks the connection itself whether its server has replayed a position; undefined when it does not answer. Never rejects. */
  async #shows(client: PoolClient, position: Lsn): Promise<boolean | undefined> {
    const timer = setTimeout(() => (client as PoolClient & PooledClient).cut(), ANSWER_MS);
    try {
      const { rows } = await client.query<{ isThere: boolean | null }>(
        `SELECT pg_last_wal_replay_lsn() >= '${renderLsn(position)}' AS "isThere"`,
      );
      return rows[0]?.isThere === true;
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What is left of a wait of which some time has passed. Whoever has none left gets what is free at this moment. */
function shorten(options: AcquireOptions, passedMs: number, defaultMs: number): AcquireOptions {
  const { acquireMs = defaultMs, remainingMs } = options;
  return {
    ...options,
    acquireMs: Math.max(0, acquireMs - passedMs),
    ...(remainingMs !== undefined && { remainingMs: Math.max(0, remainingMs - passedMs) }),
  };
}
