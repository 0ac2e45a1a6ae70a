/** How one caller waits for a connection. */
export interface AcquireOptions {
  /** Longest wait, in milliseconds. Default: the pool's `acquireMs`. */
  readonly acquireMs?: number | undefined;
  /**
   * Since when the caller waits, on the clock of `performance`: its limit counts from then, and it is in line before those who came later. Default:
   * now.
   */
  readonly sinceMs?: number | undefined;
  /**
   * What the caller has left for its whole work, in milliseconds. Bounds the wait like `acquireMs`, and a caller whose
   * wait is expected to be longer is refused at once, instead of queueing for nothing.
   */
  readonly remainingMs?: number | undefined;
  /** The function whose callers are told of when the connection is held too long. Default: the one that is asked for it. */
  readonly above?: ((...args: never[]) => unknown) | undefined;
  /**
   * By then the connection is taken from the caller, in milliseconds from now: one who cannot hold it too long need not be known.
   * Default: it may keep it.
   */
  readonly heldForMs?: number | undefined;
  /** Ends the wait; the caller is refused with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

let pending: AcquireOptions | undefined;

/**
 * Runs a synchronous call in which a connection is asked for through an interface that has no room for options, as
 * TypeORM's query runner asks its pool in the same tick.
 */
export function withAcquireOptions<T>(options: AcquireOptions, call: () => T): T {
  pending = options;
  try {
    return call();
  } finally {
    pending = undefined;
  }
}

/** The options of the call that is going on, once. */
export function takeAcquireOptions(): AcquireOptions {
  const options = pending ?? {};
  pending = undefined;
  return options;
}
