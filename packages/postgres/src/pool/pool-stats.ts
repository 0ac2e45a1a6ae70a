/** The pool's counts at one moment. */
export interface PoolStats {
  /** Connections in the hands of callers. */
  readonly used: number;
  /** Connections that are open and idle. */
  readonly free: number;
  /** Connections that exist: used, free, and being opened. */
  readonly total: number;
  /** Callers that have no connection yet. */
  readonly waiting: number;
  readonly min: number;
  readonly max: number;
  /** `used / max`, from 0 to 1. */
  readonly utilization: number;
}
