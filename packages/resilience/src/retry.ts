import { listErrorChain, readField } from './error-chain';
import type { RetryContext } from './retry-context';
import { type RetryableOperation, type RetryDecision, runWithRetry } from './retry-engine';
import { type RetryOptions, readRetrySettings } from './retry-options';
import { isTaggedTransient } from './transience';

/**
 * Runs an operation, and runs it again with exponential backoff while it fails in a way that may pass.
 *
 * Retried are errors tagged `transient: true`, connections that were never established (ECONNREFUSED, ENOTFOUND,
 * EAI_AGAIN, or any socket error of the `connect` call), and what `retryableErrors` adds. Everything else passes
 * through untouched. An error's `retryAfterMs` is respected, even beyond `maxDelayMs`.
 *
 * @throws RetryError when the attempts are used up or the next wait would outlive the deadline; `cause` is the last failure.
 * @throws the signal's reason when it is aborted before the first call, during a wait, or when a retryable failure follows.
 * @throws InvalidOptionError before anything runs, when an option is out of range.
 */
export async function retryWithBackoff<T>(
  operation: RetryableOperation<T>,
  options: RetryOptions = {},
  context: RetryContext = {},
): Promise<T> {
  const settings = readRetrySettings(options, context);
  const isAdded = createAddedPredicate(options.retryableErrors);
  const decide = (error: unknown): RetryDecision =>
    isTaggedTransient(error) || isAdded(error) ? 'yes' : 'no';
  return runWithRetry(operation, settings, decide, context);
}

function createAddedPredicate(retryable: RetryOptions['retryableErrors']): (error: unknown) => boolean {
  if (retryable === undefined) return () => false;
  if (typeof retryable === 'function') return (error) => retryable(error) === true;
  const codes = new Set<unknown>(retryable);
  return (error) => listErrorChain(error).some((link) => codes.has(readField(link, 'code')));
}
