import type { Deadline } from '../clock/deadline';
import type { Operation } from '../pipeline/attempt';
import type { CallContext } from '../pipeline/call-context';
import { policyForContext } from '../retry/policy-for-context';
import { RetryPolicy } from '../retry/retry';
import type { RetryDecision } from '../retry/retry-frame';
import { type RetryDefaults, type RetryOptions, readRetrySettings } from '../retry/retry-options';
import type { RetryContext } from '../retry/retry-with-backoff';
import { createAddedPredicate, isForbidden, isTaggedTransient } from '../retry/transience';
import { type Classification, classify } from './classify';
import { type Phase, readPhase } from './phase';

/** Context of the database helpers: who calls, and what ends the retrying early. */
export interface DatabaseRetryContext extends RetryContext {
  /** Ends a wait at once and lets no further attempt start. */
  readonly signal?: AbortSignal | undefined;
  /** Shared deadline, or milliseconds from this call. */
  readonly deadline?: Deadline | number | undefined;
}

/** Defaults of `databaseRetry` and `withDatabaseRetry`. */
export const DATABASE_RETRY_DEFAULTS: RetryDefaults = Object.freeze({
  maxAttempts: 3,
  baseDelayMs: 500,
  maxDelayMs: 5000,
  backoffMultiplier: 2,
});

/** Defaults of `transactionRetry` and `withTransactionRetry`. */
export const TRANSACTION_RETRY_DEFAULTS: RetryDefaults = Object.freeze({
  maxAttempts: 5,
  baseDelayMs: 100,
  maxDelayMs: 2000,
  backoffMultiplier: 2,
});

/**
 * Makes a policy that runs a database operation again after transient failures: 3 attempts, waits of up to 500 ms
 * doubling to 5 s. A failure is retried only if that is safe in its phase (`tagPhase`), or in every phase when it has
 * none; `context.idempotent` also allows those whose work may already have been applied. Serialization failures and
 * deadlocks need `transactionRetry`, unless the error is tagged as a single autocommit statement.
 *
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function databaseRetry(options: RetryOptions = {}): RetryPolicy {
  return createPolicy(options, DATABASE_RETRY_DEFAULTS, false);
}

/**
 * Makes a policy that runs a whole transaction again after transient failures, serialization failures and deadlocks: 5
 * attempts, waits of up to 100 ms doubling to 2 s. The operation must open a new transaction on every call. A COMMIT whose
 * outcome is unknown is not retried unless `context.idempotent` says that running twice has the effect of running once.
 *
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function transactionRetry(options: RetryOptions = {}): RetryPolicy {
  return createPolicy(options, TRANSACTION_RETRY_DEFAULTS, true);
}

const databaseRetryFor = policyForContext(databaseRetry);
const transactionRetryFor = policyForContext(transactionRetry);

/**
 * `databaseRetry` for a single call.
 * @throws RetryError, the signal's reason, or the untouched error, as `retryWithBackoff` does.
 */
export async function withDatabaseRetry<T>(
  operation: Operation<T>,
  context: DatabaseRetryContext = {},
): Promise<T> {
  const { signal, deadline } = context;
  return databaseRetryFor(context).execute(operation, { signal, deadline, context });
}

/**
 * `transactionRetry` for a single call.
 * @throws RetryError, the signal's reason, or the untouched error, as `retryWithBackoff` does.
 */
export async function withTransactionRetry<T>(
  operation: Operation<T>,
  context: DatabaseRetryContext = {},
): Promise<T> {
  const { signal, deadline } = context;
  return transactionRetryFor(context).execute(operation, { signal, deadline, context });
}

function createPolicy(
  options: RetryOptions,
  defaults: RetryDefaults,
  retriesContention: boolean,
): RetryPolicy {
  const settings = readRetrySettings(options, defaults);
  const isAdded = createAddedPredicate(options.retryableErrors);
  const byCode = Array.isArray(options.retryableErrors);
  return new RetryPolicy(settings, (error, context) => {
    if (isForbidden(error)) return 'no';
    const decision = decide(error, context, retriesContention);
    if (decision !== 'no' || !isAdded(error)) return decision;
    // A code says what happened, not when: it must not retry a COMMIT that may have been applied. A predicate sees it all.
    return byCode && isOpen(error) && context?.idempotent !== true ? 'no' : 'yes';
  });
}

function decide(error: unknown, context: CallContext | undefined, retriesContention: boolean): RetryDecision {
  const phase = readPhase(error);
  const meaning = classify(error, phase);
  if (meaning.kind === 'unrecognized') return isTaggedTransient(error) ? 'yes' : 'no';
  if (!isAllowed(meaning, context?.idempotent === true)) return 'no';
  if (meaning.kind === 'contention' && !retriesContention && !isAutocommit(phase)) return 'no';
  if (meaning.once) return meaning.slow ? 'once-slow' : 'once';
  return meaning.slow ? 'slow' : 'yes';
}

function isAllowed({ verdict, transient }: Classification, idempotent: boolean): boolean {
  switch (verdict) {
    case 'retry':
    case 'retry-transaction':
      return true;
    case 'retry-if-idempotent':
    case 'unknown':
      return idempotent && transient;
    case 'opt-in':
    case 'never':
      return false;
    default:
      return verdict satisfies never;
  }
}

function isOpen(error: unknown): boolean {
  return classify(error, readPhase(error)).applied === 'unknown';
}

function isAutocommit(phase: Phase | undefined): boolean {
  return phase === 'autocommit-read' || phase === 'autocommit-write';
}
