import { EventEmitter } from 'node:events';
import { classify } from '@holdfast/resilience/postgres';
import type { PoolClient } from 'pg';
import { type AcquireOptions, takeAcquireOptions } from '../pool/acquire-options';
import type { HoldfastPool } from '../pool/pool';
import type { ConnectCallback } from '../pool/waiter';
import { type Lsn, renderLsn } from './lsn';
import { currentReadSession, type ReadSession } from './read-session';
import type { Replica } from './replica';
import type { ReplicaWatch } from './replica-watch';

export interface ReplicaRouterTerms {
  readonly primary: HoldfastPool;
  readonly replicas: readonly Replica[];
  readonly watch: ReplicaWatch;
  readonly waitMs: number;
}

/** A new connection to a replica is waited for so long, in milliseconds: the primary has one. */
const OPENING_MS = 500;
/** Between two looks at a replica that has to catch up, in milliseconds. */
const PAUSE_MS = 5;

/**
 * What TypeORM takes for the pool of its only slave: reads that it sends there go to the replica with the least to do, of
 * those that answer and are not too far behind, else to the primary.
 */
export class ReplicaRouter extends EventEmitter {
  readonly #terms: ReplicaRouterTerms;

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
    const { replicas, watch } = this.#terms;
    watch.close();
    Promise.all(replicas.map(({ pool }) => pool.end())).then(() => callback(), callback);
  }

  async #acquire(options: AcquireOptions, session: ReadSession | undefined): Promise<PoolClient> {
    const { primary } = this.#terms;
    const replica = session?.needsPrimary ? undefined : this.#choose(session?.position ?? 0n);
    if (replica === undefined) return primary.acquire(options);
    const client = await this.#acquireFrom(replica, options);
    if (client === undefined) return primary.acquire(options);
    const position = session?.position ?? 0n;
    if (position <= replica.replayed || (await this.#catchUp(replica, client, position))) return client;
    client.release();
    return primary.acquire(options);
  }

  /** The one with the least to do; one that is known to have replayed what must be seen is preferred to any other. */
  #choose(position: Lsn): Replica | undefined {
    const healthy = this.#terms.replicas.filter(({ state }) => state === 'healthy');
    const upToDate = healthy.filter(({ replayed }) => replayed >= position);
    const candidates = upToDate.length > 0 ? upToDate : healthy;
    return candidates.reduce<Replica | undefined>(
      (least, replica) => (least === undefined || replica.load < least.load ? replica : least),
      undefined,
    );
  }

  /** Undefined when the replica cannot be reached: nobody waits for one. */
  async #acquireFrom(replica: Replica, options: AcquireOptions): Promise<PoolClient | undefined> {
    const { pool } = replica;
    const { used, free, max } = pool.stats;
    const needsOpening = free === 0 && used < max;
    const limits = needsOpening ? { ...options, acquireMs: OPENING_MS } : options;
    try {
      return await pool.acquire(limits);
    } catch (error) {
      const { kind } = classify(error, 'acquire');
      const isGone = kind === 'unavailable' || kind === 'connection-lost' || kind === 'shutdown';
      if (!isGone && !(needsOpening && kind === 'overload')) throw error;
      this.#terms.watch.suspect(replica);
      return undefined;
    }
  }

  async #catchUp(replica: Replica, client: PoolClient, position: Lsn): Promise<boolean> {
    const untilMs = Date.now() + this.#terms.waitMs;
    const ask = `SELECT pg_last_wal_replay_lsn() >= '${renderLsn(position)}' AS "isThere"`;
    for (;;) {
      const { rows } = await client.query<{ isThere: boolean | null }>(ask);
      if (rows[0]?.isThere === true) {
        if (position > replica.replayed) replica.replayed = position;
        return true;
      }
      if (Date.now() >= untilMs) return false;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
