/** What the pool looked like when a caller's deadline passed. */
export interface PoolExhaustedFacts {
  readonly waitedMs: number;
  /** Callers still waiting, this one not counted. */
  readonly waiting: number;
  /** Connections in the hands of callers. */
  readonly used: number;
  readonly max: number;
  /** Given when the caller was refused at once: it had less time left than the wait would take by recent experience. */
  readonly expectedWaitMs?: number | undefined;
}

/** No connection became free in the time the caller had, or none was expected to. Nothing was sent to the server. */
export class PoolExhaustedError extends Error {
  override readonly name = 'PoolExhaustedError';
  readonly code = 'POOL_EXHAUSTED';
  readonly waitedMs: number;
  readonly waiting: number;
  readonly used: number;
  readonly max: number;
  readonly expectedWaitMs: number | undefined;

  constructor(facts: PoolExhaustedFacts, cause?: unknown) {
    super(
      `${describeWait(facts)}: ${facts.used} of ${facts.max} are in use and ${facts.waiting} other callers wait`,
      cause === undefined ? undefined : { cause },
    );
    this.waitedMs = facts.waitedMs;
    this.waiting = facts.waiting;
    this.used = facts.used;
    this.max = facts.max;
    this.expectedWaitMs = facts.expectedWaitMs;
  }
}

function describeWait({ waitedMs, expectedWaitMs }: PoolExhaustedFacts): string {
  return expectedWaitMs === undefined
    ? `No database connection became free within ${Math.round(waitedMs)} ms`
    : `A database connection is expected in ${Math.round(expectedWaitMs)} ms, later than the caller's deadline`;
}

/** A statement was sent through a connection that had been given back. It was not run: the connection may be another caller's. */
export class ConnectionReleasedError extends Error {
  override readonly name = 'ConnectionReleasedError';
  readonly code = 'CONNECTION_RELEASED';

  constructor() {
    super('The connection was given back to the pool before; acquire another one');
  }
}

/** A cursor or a copy stream was begun where settings go out with each statement; they cannot go out with these. */
export class SettingsNotSentError extends Error {
  override readonly name = 'SettingsNotSentError';
  readonly code = 'SETTINGS_NOT_SENT';

  constructor() {
    super('Settings hold for a cursor or a copy stream only in a unit of work; run it in one');
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
