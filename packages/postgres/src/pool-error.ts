/** What the pool looked like when a caller's deadline passed. */
export interface PoolExhaustedFacts {
  readonly waitedMs: number;
  /** Callers still waiting, this one not counted. */
  readonly waiting: number;
  /** Connections in the hands of callers. */
  readonly used: number;
  readonly max: number;
}

/** No connection became free within the acquire deadline. Nothing was sent to the server. */
export class PoolExhaustedError extends Error {
  override readonly name = 'PoolExhaustedError';
  readonly code = 'POOL_EXHAUSTED';
  readonly waitedMs: number;
  readonly waiting: number;
  readonly used: number;
  readonly max: number;

  constructor(facts: PoolExhaustedFacts, cause?: unknown) {
    super(
      `No database connection became free within ${Math.round(facts.waitedMs)} ms: ` +
        `${facts.used} of ${facts.max} are in use and ${facts.waiting} other callers wait`,
      cause === undefined ? undefined : { cause },
    );
    this.waitedMs = facts.waitedMs;
    this.waiting = facts.waiting;
    this.used = facts.used;
    this.max = facts.max;
  }
}

/** A new connection was not ready in time. Nothing of the caller's was sent to the server. */
export class ConnectTimeoutError extends Error {
  override readonly name = 'ConnectTimeoutError';
  readonly code = 'CONNECT_TIMEOUT';

  constructor(
    readonly limitMs: number,
    cause?: unknown,
  ) {
    super(
      `The database did not finish opening a connection within ${Math.round(limitMs)} ms`,
      cause === undefined ? undefined : { cause },
    );
  }
}

/** The pool is closing or closed; it gives out no connection any more. */
export class PoolClosedError extends Error {
  override readonly name = 'PoolClosedError';
  readonly code = 'POOL_CLOSED';

  constructor() {
    super('The connection pool is closed');
  }
}
