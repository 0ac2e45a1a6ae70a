import { readErrorCode } from '../errors/error-chain';
import { isRejected } from '../errors/rejected-error';
import { Emitter } from '../observe/emitter';
import type { StructuredLogger } from '../observe/structured-logger';
import { renderCode, writeLine } from '../observe/write-line';
import type { CallContext } from '../pipeline/call-context';

/** Where a retry stands when something is told of it. */
export interface RetryProgress {
  /** The attempt that has just ended, 1 for the first. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** The wait that follows a retry; of other events, the last wait. 0 if there was none. */
  readonly delayMs: number;
  /** Waits so far, in milliseconds. */
  readonly totalDelayMs: number;
}

/** Why no further attempt follows. */
export type GiveUpReason = 'exhausted' | 'deadline' | 'budget' | 'aborted' | 'not-retryable';

interface OfCall {
  readonly context: CallContext | undefined;
}

/** What a retry tells its listeners. Errors are whole here; what is logged of them is decided elsewhere. */
export interface RetryEvents {
  readonly attempt: OfCall & { readonly attempt: number };
  readonly retry: OfCall & RetryProgress & { readonly error: unknown };
  readonly giveUp: OfCall & RetryProgress & { readonly error: unknown; readonly reason: GiveUpReason };
  readonly successAfterRetry: OfCall & RetryProgress;
}

/** Knows where a retry stands. Asked only when somebody is told of it. */
export interface RetryStanding {
  readProgress(): RetryProgress;
}

/** Tells listeners and the log what a retry does. What nobody hears is not even made. */
export class RetryReporter {
  readonly emitter = new Emitter<RetryEvents>(['attempt', 'retry', 'giveUp', 'successAfterRetry']);
  readonly #logger: StructuredLogger | undefined;

  constructor(logger: StructuredLogger | undefined) {
    this.#logger = logger;
  }

  attempt(attempt: number, context: CallContext | undefined): void {
    if (this.emitter.isHeard('attempt')) this.emitter.emit('attempt', { attempt, context });
  }

  retry(standing: RetryStanding, error: unknown, context: CallContext | undefined): void {
    if (!this.#isHeard('retry')) return;
    const progress = standing.readProgress();
    this.emitter.emit('retry', { ...progress, error, context });
    writeLine(this.#logger, 'warn', 'Retrying after a failure', context, {
      ...progress,
      code: renderCode(error),
    });
  }

  giveUp(
    standing: RetryStanding,
    error: unknown,
    reason: GiveUpReason,
    context: CallContext | undefined,
  ): void {
    if (!this.#isHeard('giveUp')) return;
    const progress = standing.readProgress();
    this.emitter.emit('giveUp', { ...progress, error, reason, context });
    const level = reason === 'aborted' ? 'info' : isShed(error) ? 'debug' : 'error';
    writeLine(this.#logger, level, 'Gave up retrying', context, {
      ...progress,
      code: renderCode(error),
      reason,
    });
  }

  successAfterRetry(standing: RetryStanding, context: CallContext | undefined): void {
    if (!this.#isHeard('successAfterRetry')) return;
    const progress = standing.readProgress();
    this.emitter.emit('successAfterRetry', { ...progress, context });
    writeLine(this.#logger, 'info', 'Succeeded after retrying', context, { ...progress });
  }

  #isHeard(name: keyof RetryEvents): boolean {
    return this.#logger !== undefined || this.emitter.isHeard(name);
  }
}

/** Whether a call was turned away, by a policy or a full pool: under load that is normal, counted, and nearly every call's. */
function isShed(error: unknown): boolean {
  return isRejected(error) || readErrorCode(error) === 'POOL_EXHAUSTED';
}
