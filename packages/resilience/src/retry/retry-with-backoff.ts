import type { Clock } from '../clock/clock';
import type { Deadline } from '../clock/deadline';
import type { StructuredLogger } from '../observe/structured-logger';
import type { Operation } from '../pipeline/attempt';
import type { CallContext } from '../pipeline/call-context';
import { policyForContext } from './policy-for-context';
import { retry } from './retry';
import type { RetryOptions } from './retry-options';

/** Says who is calling and for whom, and hands in what a single call needs. */
export interface RetryContext extends CallContext {
  /** Receives one line per retry, giving up and success after a retry. */
  readonly logger?: StructuredLogger | undefined;
  /** Default: the process's monotonic clock. */
  readonly clock?: Clock | undefined;
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** The options of `retry`, and what ends this call early. */
export interface RetryCallOptions extends Omit<RetryOptions, 'logger' | 'clock' | 'random'> {
  /** Ends a wait at once and lets no further attempt start. */
  readonly signal?: AbortSignal | undefined;
  /** Shared deadline, or milliseconds from this call. No wait outlives it. */
  readonly deadline?: Deadline | number | undefined;
}

/**
 * Runs an operation, and runs it again with exponential backoff while it fails in a way that may pass: `retry` for a
 * single call. For many calls make the policy once.
 *
 * @throws RetryError when the attempts are used up or the next wait would outlive the deadline; `cause` is the last failure.
 * @throws the signal's reason when it is aborted before the first call, during a wait, or when a retryable failure follows.
 * @throws InvalidOptionError before anything runs, when an option is out of range.
 */
export async function retryWithBackoff<T>(
  operation: Operation<T>,
  options: RetryCallOptions = {},
  context: RetryContext = {},
): Promise<T> {
  const { signal, deadline, ...shape } = options;
  const { logger, clock, random } = context;
  const policy = isShaped(shape) ? retry({ ...shape, logger, clock, random }) : retryFor(context);
  return policy.execute(operation, { signal, deadline, context });
}

const retryFor = policyForContext(retry);

function isShaped(shape: object): boolean {
  for (const _ in shape) return true;
  return false;
}
