import type { PoolStats } from '../pool/pool-stats';
import type { ConnectionTest } from './connection-probe';

/** The pool's counts, and which environment they are of. */
export interface EnvironmentPoolStats extends PoolStats {
  readonly environment: string;
}

/** How the last health check ended. */
export type ConnectionHealth = ConnectionTest & {
  /** Wall-clock time, in milliseconds since 1970. */
  readonly checkedAtMs: number;
};

/** What may be wrong with the load of a pool. */
export type PoolAlertKind = 'near-capacity' | 'under-pressure';

/** A pool has come into a state that somebody should know of, or has been out of it for long enough. */
export interface PoolAlert {
  readonly kind: PoolAlertKind;
  /** The manager's own probes are not counted. */
  readonly stats: EnvironmentPoolStats;
  /** Given when the alert has ended. */
  readonly ended?: {
    /** From the first to the last time that the state was seen, in milliseconds. */
    readonly durationMs: number;
    /** Most connections in use, or most callers waiting, that were seen. */
    readonly peak: number;
  };
}

/** What a connection manager tells its listeners, beside what the connections tell. */
export interface ManagerEvents {
  /** A health check has ended. */
  readonly health: ConnectionHealth;
  /** Told once when an alert begins and once when it ends. */
  readonly alert: PoolAlert;
}
