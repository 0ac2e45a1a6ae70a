import { setMaxListeners } from 'node:events';
import { performance } from 'node:perf_hooks';
import type { PoolClient } from 'pg';
import type { PooledClient } from '../connection/pooled-client';
import type { HoldfastPool } from '../pool/pool';
import type { PoolStats } from '../pool/pool-stats';
import type { ClusterMember } from './cluster-member';
import type { Lsn } from './lsn';
import { type Observation, ObservedServer } from './observed-server';

/**
 * Whether a replica gets reads, and why not.
 *
 * - `unknown`: it has not been looked at yet, or not since a failover.
 * - `healthy`: it gets reads.
 * - `lagging`: it is further behind than `maxLagMs`.
 * - `unreachable`: it does not answer.
 * - `promoted`: it is no standby any more.
 * - `diverged`: it has what the primary lacks, and cannot follow it: the primary was replaced by one that was behind it.
 */
export type ReplicaState = 'unknown' | 'healthy' | 'lagging' | 'unreachable' | 'promoted' | 'diverged';

/** What is known of a replica at one moment. */
export interface ReplicaStats extends PoolStats {
  /** `replica host:port`. */
  readonly name: string;
  readonly state: ReplicaState;
  /**
   * For how long the primary has had something that the replica has not replayed, as far as was seen. Infinite for one
   * that is behind and has replayed no transaction yet.
   */
  readonly lagMs: number;
  readonly lagBytes: number;
}

/** Why a reader is released who waits for a connection to a replica. */
export const OUT_OF_SERVICE = new Error('The replica gets no reads any more');

/** Between two looks at a replica that has to catch up, in milliseconds. */
const PAUSE_MS = 5;

/** One member of a cluster as a standby: its pool, and what is known of it. */
export class Replica {
  readonly url: string;
  readonly name: string;
  readonly pool: HoldfastPool;
  readonly #server: ObservedServer;
  #seen: Observation | undefined;
  #hasBeenStandby = false;
  #state: ReplicaState = 'unknown';
  #service = new AbortController();
  lagMs = 0;
  lagBytes = 0;
  /** The start of it that was seen to follow the primary of now; undefined since the last failover. */
  follower: string | undefined;
  /** The start of it that was seen to have diverged. */
  divergent: string | undefined;

  constructor({ url }: ClusterMember, pool: HoldfastPool) {
    this.url = url;
    this.name = pool.name;
    this.pool = pool;
    this.#server = new ObservedServer(pool);
  }

  get state(): ReplicaState {
    return this.#state;
  }

  /** Readers who wait for a connection to a replica that gets no reads any more are released. */
  set state(state: ReplicaState) {
    this.#state = state;
    if (state === 'healthy') {
      if (!this.#service.signal.aborted) return;
      this.#service = new AbortController();
    } else if (state !== 'lagging') this.#service.abort(OUT_OF_SERVICE);
  }

  /** Aborts when it gets no reads any more because it does not answer, or not as a replica. */
  get service(): AbortSignal {
    const { signal } = this.#service;
    // One for every reader who waits.
    setMaxListeners(0, signal);
    return signal;
  }

  get stats(): ReplicaStats {
    const { name, state, lagMs, lagBytes } = this;
    return { name, state, lagMs, lagBytes, ...this.pool.stats };
  }

  /** How many callers have or want a connection to it. */
  get load(): number {
    const { used, waiting } = this.pool.stats;
    return used + waiting;
  }

  /** How far it had replayed when it was last looked at. */
  get replayed(): Lsn {
    return this.#seen?.isStandby ? this.#seen.lsn : 0n;
  }

  /** What was last seen of it; undefined before the first look, and since one that was in vain. */
  get seen(): Observation | undefined {
    return this.#seen;
  }

  /** Whether it was ever seen to be a standby. */
  get hasBeenStandby(): boolean {
    return this.#hasBeenStandby;
  }

  /** Looks at it, and remembers what was seen. Never rejects. */
  async look(): Promise<Observation | undefined> {
    const seen = await this.#server.look();
    this.#seen = seen;
    if (seen?.isStandby) this.#hasBeenStandby = true;
    return seen;
  }

  /** What was seen of it holds no longer, and neither does the connection it was seen through. */
  forget(): void {
    this.#seen = undefined;
    this.#server.disconnect();
  }

  /** Resolves with whether it has replayed a position, within `limitMs`. One question serves all who wait. */
  async reaches(position: Lsn, limitMs: number, signal: AbortSignal | undefined): Promise<boolean> {
    const untilMs = performance.now() + limitMs;
    while (this.replayed < position) {
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0 || signal?.aborted || this.state !== 'healthy') return false;
      await within(this.look(), leftMs);
      if (this.replayed < position) await within(undefined, Math.min(PAUSE_MS, leftMs));
    }
    return true;
  }

  /**
   * Whether what was seen of the server holds for a connection. A server that restarts goes back a little, and all its
   * connections end; behind one name there may be several servers.
   */
  isSeenBy(client: PoolClient): boolean {
    const { identity, createdAtMs } = client as PoolClient & PooledClient;
    return (
      this.#seen !== undefined && identity?.instance === this.#seen.instance && createdAtMs <= this.#seen.atMs
    );
  }
}

/** Resolves with the work, or when the time is over. */
async function within(work: Promise<unknown> | undefined, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await (work === undefined ? timeout : Promise.race([work, timeout]));
  clearTimeout(timer);
}
