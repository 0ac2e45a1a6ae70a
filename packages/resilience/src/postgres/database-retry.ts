import type { Deadline } from '../deadline';
import type { RetryContext } from '../retry-context';
import { type RetryableOperation, type RetryDecision, runWithRetry } from '../retry-engine';
import { type RetryDefaults, readRetrySettings } from '../retry-options';
import { isTaggedTransient } from '../transience';
import { type Classification, classify } from './classify';
import { type Phase, readPhase } from './phase';

/** Context of the database helpers: who calls, and what ends the retrying early. */
export interface DatabaseRetryContext extends RetryContext {
  /** Ends a wait at once and lets no further attempt start. */
  readonly signal?: AbortSignal;
  /** Shared deadline, or milliseconds from this call. */
  readonly deadline?: Deadline | number;
}

/** Defaults of `withDatabaseRetry`. */
export const DATABASE_RETRY_DEFAULTS: RetryDefaults = Object.freeze({
  maxAttempts: 3,
  baseDelayMs: 500,
  maxDelayMs: 5000,
  backoffMultiplier: 2,
});

/** Defaults of `withTransactionRetry`. */
export const TRANSACTION_RETRY_DEFAULTS: RetryDefaults = Object.freeze({
  maxAttempts: 5,
  baseDelayMs: 100,
  maxDelayMs: 2000,
  backoffMultiplier: 2,
});

/**
 * Runs a database operation, and runs it again after transient failures: 3 attempts, waits of up to 500 ms doubling to
 * 5 s. A failure is retried only if that is safe in its phase (`tagPhase`), or in every phase when it has none;
 * `context.idempotent` also allows those whose work may already have been applied. Serialization failures and deadlocks
 * need `withTransactionRetry`, unless the error is tagged as a single autocommit statement.
 *
 * @throws RetryError, the signal's reason, or the untouched error, as `retryWithBackoff` does.
 */
export async function withDatabaseRetry<T>(
  operation: RetryableOperation<T>,
  context: DatabaseRetryContext = {},
): Promise<T> {
  return run(operation, context, DATABASE_RETRY_DEFAULTS, createDecider(context, false));
}

/**
 * Runs a whole transaction, and runs it again after transient failures, serialization failures and deadlocks: 5 attempts,
 * waits of up to 100 ms doubling to 2 s. The operation must open a new transaction on every call. A COMMIT whose outcome
 * is unknown is not retried unless `context.idempotent` says that running twice has the effect of running once.
 *
 * @throws RetryError, the signal's reason, or the untouched error, as `retryWithBackoff` does.
 */
export async function withTransactionRetry<T>(
  operation: RetryableOperation<T>,
  context: DatabaseRetryContext = {},
): Promise<T> {
  return run(operation, context, TRANSACTION_RETRY_DEFAULTS, createDecider(context, true));
}

function run<T>(
  operation: RetryableOperation<T>,
  context: DatabaseRetryContext,
  defaults: RetryDefaults,
  decide: (error: unknown) => RetryDecision,
): Promise<T> {
  const { signal, deadline } = context;
  const options = { ...(signal && { signal }), ...(deadline !== undefined && { deadline }) };
  return runWithRetry(operation, readRetrySettings(options, context, defaults), decide, context);
}

/** Makes the decision for one call of a helper; it remembers what may be tried only once. */
function createDecider(context: RetryContext, retriesContention: boolean): (error: unknown) => RetryDecision {
  let onceSpent = false;
  return (error) => {
    const phase = readPhase(error);
    const meaning = classify(error, phase);
    if (meaning.kind === 'unrecognized') return isTaggedTransient(error) ? 'yes' : 'no';
    if (!isAllowed(meaning, context.idempotent === true)) return 'no';
    if (meaning.kind === 'contention' && !retriesContention && !isAutocommit(phase)) return 'no';
    if (meaning.once) {
      if (onceSpent) return 'no';
      onceSpent = true;
    }
    return meaning.slow ? 'slow' : 'yes';
  };
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

function isAutocommit(phase: Phase | undefined): boolean {
  return phase === 'autocommit-read' || phase === 'autocommit-write';
}
