import type { HoldfastPool } from '../pool/pool';
import type { PoolStats } from '../pool/pool-stats';
import type { Lsn } from './lsn';
import { ObservedServer } from './observed-server';

/**
 * Whether a replica gets reads, and why not.
 *
 * - `unknown`: it has not been looked at yet.
 * - `healthy`: it gets reads.
 * - `lagging`: it is further behind than `maxLagMs`.
 * - `unreachable`: it does not answer.
 * - `promoted`: it is no standby any more.
 */
export type ReplicaState = 'unknown' | 'healthy' | 'lagging' | 'unreachable' | 'promoted';

/** What is known of a replica at one moment. */
export interface ReplicaStats extends PoolStats {
  /** `replica host:port`. */
  readonly name: string;
  readonly state: ReplicaState;
  /** For how long the primary has had something that the replica has not replayed, as far as was seen. */
  readonly lagMs: number;
  readonly lagBytes: number;
}

/** One standby: its pool, and what is known of it. */
export class Replica {
  readonly name: string;
  readonly pool: HoldfastPool;
  readonly server: ObservedServer;
  state: ReplicaState = 'unknown';
  /** How far it has replayed at least. */
  replayed: Lsn = 0n;
  lagMs = 0;
  lagBytes = 0;

  constructor(name: string, pool: HoldfastPool) {
    this.name = name;
    this.pool = pool;
    this.server = new ObservedServer(pool);
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
}
