import { listErrorChain, readField } from '../errors/error-chain';

/** The facts of a retry that ended without success. */
export interface RetryFacts {
  /** Calls of the operation, the first included. */
  readonly attempts: number;
  /** Time spent waiting between attempts, in milliseconds. */
  readonly totalDelayMs: number;
  /** Time from the first call to the giving up, in milliseconds. */
  readonly elapsedMs: number;
}

/**
 * - `RETRY_EXHAUSTED`: every attempt was used.
 * - `RETRY_DEADLINE`: the next wait would have outlived the deadline, or the deadline passed during it.
 * - `RETRY_BUDGET`: the dependency's retry budget was spent.
 * - `RETRY_REFUSED`: a policy further in refused another attempt; `refusal` is its error.
 */
export type RetryErrorCode = 'RETRY_EXHAUSTED' | 'RETRY_DEADLINE' | 'RETRY_BUDGET' | 'RETRY_REFUSED';

/** Registered globally, so that the retries of two installed copies of this package know each other's errors. */
const RETRIED = Symbol.for('holdfast.retried');

const REASONS: Readonly<Record<RetryErrorCode, string>> = {
  RETRY_EXHAUSTED: 'no attempt is left',
  RETRY_DEADLINE: 'the deadline leaves no time for another',
  RETRY_BUDGET: 'the retry budget is spent',
  RETRY_REFUSED: 'another was refused',
};

/**
 * A retryable failure lasted longer than the attempts, the deadline or the budget. `cause` is the last failure.
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
    /** Of `RETRY_REFUSED`: the refusal, with its `retryAfterMs` if it has one. */
    readonly refusal?: unknown,
  ) {
    super(`Gave up after ${facts.attempts} attempt${facts.attempts === 1 ? '' : 's'}: ${REASONS[code]}`, {
      cause,
    });
    this.attempts = facts.attempts;
    this.totalDelayMs = facts.totalDelayMs;
    this.elapsedMs = facts.elapsedMs;
  }
}
Object.defineProperty(RetryError.prototype, RETRIED, { value: true });

/** Asks whether a retry has used up its attempts for this error, or for one behind it. */
export function isRetried(error: unknown): boolean {
  return listErrorChain(error).some((link) => readField(link, RETRIED) === true);
}
