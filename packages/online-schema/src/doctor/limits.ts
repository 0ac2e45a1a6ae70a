/** How long the doctor's statements may take. */
export interface Limits {
  /** Milliseconds that each statement has. */
  readonly timeoutMs: number;
  /** Milliseconds that each statement waits for a lock: behind it, others would queue for as long. */
  readonly lockTimeoutMs: number;
  /** Cancels the statement that runs. */
  readonly signal: AbortSignal | undefined;
}

/** Milliseconds. */
export const LOCK_TIMEOUT_MS = Object.freeze({
  /** Longer than anything waits behind a statement of an application that does well. */
  first: 1000,
  /** Once it was in vain: whoever has held a lock for so long gives it back no sooner for the next check. */
  later: 100,
});
