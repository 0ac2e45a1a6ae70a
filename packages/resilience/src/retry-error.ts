/** The facts of a retry that ended without success. */
export interface RetryFacts {
  /** Calls of the operation, the first included. */
  readonly attempts: number;
  /** Time spent waiting between attempts, in milliseconds. */
  readonly totalDelayMs: number;
  /** Time from the first call to the giving up, in milliseconds. */
  readonly elapsedMs: number;
}

/** `RETRY_EXHAUSTED`: every attempt was used. `RETRY_DEADLINE`: the next wait would have outlived the deadline. */
export type RetryErrorCode = 'RETRY_EXHAUSTED' | 'RETRY_DEADLINE';

/**
 * A retryable failure lasted longer than the attempts or the deadline. `cause` is the last failure.
 * A retry around this one does not retry it again: attempts never multiply.
 */
export class RetryError extends Error {
  override readonly name = 'RetryError';
  readonly attempts: number;
  readonly totalDelayMs: number;
  readonly elapsedMs: number;

  constructor(
    readonly code: RetryErrorCode,
    facts: RetryFacts,
    cause: unknown,
  ) {
    const why = code === 'RETRY_EXHAUSTED' ? 'no attempt is left' : 'the deadline leaves no time for another';
    super(`Gave up after ${facts.attempts} attempt${facts.attempts === 1 ? '' : 's'}: ${why}`, { cause });
    this.attempts = facts.attempts;
    this.totalDelayMs = facts.totalDelayMs;
    this.elapsedMs = facts.elapsedMs;
  }
}
