import { MAX_TIMER_MS, type ScheduledTimer } from '../clock/clock';
import { DeadlineExceededError } from '../clock/deadline';
import { listErrorChain, readField } from '../errors/error-chain';
import { judge } from '../errors/judge';
import { isRejected } from '../errors/rejected-error';
import type { CallContext } from '../pipeline/call-context';
import { type Enclosure, Frame } from '../pipeline/frame';
import type { AbortListener } from '../pipeline/scope';
import type { RetryBudget } from './retry-budget';
import { isRetried, RetryError, type RetryErrorCode, type RetryFacts } from './retry-error';
import type { GiveUpReason, RetryProgress, RetryReporter, RetryStanding } from './retry-events';
import type { RetrySettings } from './retry-options';

/**
 * Whether a failure may be tried again, and how: `slow` waits near the maximum from the start, `once` is granted once
 * for each call.
 */
export type RetryDecision = 'no' | 'yes' | 'slow' | 'once' | 'once-slow';

/** What a retry frame is given by its policy. */
export interface RetryRule extends RetrySettings {
  readonly decide: (error: unknown, context: CallContext | undefined) => RetryDecision;
  readonly reporter: RetryReporter;
}

const EARLIEST_MS = 2;

/** What a call fails with. */
interface Ending {
  readonly error: unknown;
}

/**
 * One call's retries: runs what lies inside until it succeeds, fails in a way the rule refuses, or attempts, budget,
 * deadline or signal end it. A success is handed on whatever the signal says by then: a committed write must not report
 * as aborted.
 */
export class RetryFrame extends Frame implements AbortListener, RetryStanding {
  readonly #rule: RetryRule;
  /** Paid into for every call, unless a layer outside does so. */
  readonly #ownBudget: RetryBudget | undefined;
  attempt = 1;
  #isOnceSpent = false;
  #isInnerBusy = false;
  #lastDelayMs: number | undefined;
  #totalDelayMs = 0;
  // NaN makes these fields hold doubles in place; a small integer first would cost an allocation for each later write.
  #startedMs = Number.NaN;
  #waitStartedMs = Number.NaN;
  #timer: ScheduledTimer | undefined;
  #waitUntilMs = Number.NaN;
  /** What is waited upon. */
  #failure: unknown;
  /** The last failure of an attempt that was run at all. */
  #failureOfRun: Ending | undefined;
  readonly #onWaitOver = (): void => this.#endWait();

  constructor(outer: Enclosure, rule: RetryRule) {
    super(outer);
    this.#rule = rule;
    if (rule.budget !== undefined && this.claimBudget(rule.budget)) this.#ownBudget = rule.budget;
    this.attempts = this;
  }

  run(): void {
    this.attempt = 1;
    this.#isOnceSpent = false;
    this.#lastDelayMs = undefined;
    this.#totalDelayMs = 0;
    this.#failureOfRun = undefined;
    this.#startedMs = this.readEnteredMs();
    this.#ownBudget?.deposit();
    this.#rule.reporter.attempt(1, this.call.context);
    this.inner.run();
  }

  override succeed(value: unknown): void {
    if (this.attempt > 1) this.#rule.reporter.successAfterRetry(this, this.call.context);
    this.outer.succeed(value);
  }

  override fail(failure: unknown): void {
    let ending: Ending | undefined;
    try {
      ending = this.#decide(failure);
    } catch (error) {
      // Thrown by what the caller supplied, be it a clock. If nobody were told, the call would stay pending for ever.
      ending = { error };
    }
    if (ending !== undefined) this.outer.fail(ending.error);
  }

  /** The scope was aborted during a wait. */
  onAbort(reason: unknown): void {
    this.#timer?.cancel();
    this.outer.fail(this.#endAborted(this.#leaveWait(), reason).error);
  }

  override workAbandoned(): void {
    this.#isInnerBusy = true;
    super.workAbandoned();
  }

  readProgress(): RetryProgress {
    return {
      attempt: this.attempt,
      maxAttempts: this.#rule.maxAttempts,
      delayMs: this.#lastDelayMs ?? 0,
      totalDelayMs: this.#totalDelayMs,
    };
  }

  /** Starts to wait, or answers what the call ends with. @throws what the caller supplied throws. */
  #decide(error: unknown): Ending | undefined {
    const { decide, maxAttempts } = this.#rule;
    // Attempts that were already retried further in are not multiplied further out.
    const decision = isRetried(error)
      ? 'no'
      : judge('retryableErrors', error, () => decide(error, this.call.context));
    if (decision === 'no') return this.#endRefused(error);
    if (this.scope.isAborted) return this.#endAborted(error, this.scope.reason);
    const isOnce = decision === 'once' || decision === 'once-slow';
    if (this.attempt >= maxAttempts || (isOnce && this.#isOnceSpent)) {
      return this.#giveUp(error, 'exhausted', 'RETRY_EXHAUSTED');
    }
    const isSlow = decision === 'slow' || decision === 'once-slow';
    const delayMs = judge('backoff', error, () => this.#drawDelayMs(isSlow, error));
    if (delayMs >= this.scope.remainingMs()) return this.#giveUp(error, 'deadline', 'RETRY_DEADLINE');
    // Asked last: a token is for a retry that will take place.
    if (this.#rule.budget?.withdraw() === false) return this.#giveUp(error, 'budget', 'RETRY_BUDGET');
    this.#isOnceSpent ||= isOnce;
    this.#lastDelayMs = delayMs;
    this.#rule.reporter.retry(this, error, this.call.context);
    // A listener or a backoff may have aborted the call just now, and a wait would not be told of that.
    if (this.scope.isAborted) return this.#endAborted(error, this.scope.reason);
    this.#startWait(error, delayMs);
    return undefined;
  }

  #startWait(failure: unknown, delayMs: number): void {
    const { clock } = this.#rule;
    this.#failure = failure;
    if (!isRejected(failure)) this.#failureOfRun = { error: failure };
    this.#waitStartedMs = clock.nowMs();
    this.#waitUntilMs = this.#waitStartedMs + delayMs;
    this.#timer = clock.schedule(this.#onWaitOver, delayMs);
    this.scope.listen(this);
  }

  /** Answers the failure that was waited upon. */
  #leaveWait(): unknown {
    this.#timer = undefined;
    this.#totalDelayMs += this.#rule.clock.nowMs() - this.#waitStartedMs;
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  #endWait(): void {
    const { clock, reporter } = this.#rule;
    const leftMs = this.#waitUntilMs - clock.nowMs();
    // A server that has said when to come back would refuse once more. Timers are early by a fraction of a millisecond; one
    // that is earlier goes by another clock than ours, such as a test's.
    if (leftMs > 0 && leftMs < EARLIEST_MS) {
      this.#timer = clock.schedule(this.#onWaitOver, Math.max(1, leftMs));
      return;
    }
    this.scope.unlisten(this);
    const failure = this.#leaveWait();
    // Or late; an attempt that starts after the deadline could only fail.
    if (this.scope.isAborted) {
      this.outer.fail(this.#endAborted(failure, this.scope.reason).error);
      return;
    }
    this.attempt += 1;
    reporter.attempt(this.attempt, this.call.context);
    if (this.#isInnerBusy) {
      this.#isInnerBusy = false;
      this.inner = this.createInner();
    }
    this.reenter();
    this.inner.run();
  }

  /** The failure is not to be retried. */
  #endRefused(error: unknown): Ending {
    if (this.attempt === 1) return { error };
    this.#tellGiveUp(error, 'not-retryable');
    const ran = this.#failureOfRun;
    if (ran === undefined || !isRejected(error)) return { error };
    // A refusal says that nothing was run, and that is true of this attempt alone.
    return { error: new RetryError('RETRY_REFUSED', this.#readFacts(this.attempt - 1), ran.error, error) };
  }

  #endAborted(failure: unknown, reason: unknown): Ending {
    if (reason instanceof DeadlineExceededError) return this.#giveUp(failure, 'deadline', 'RETRY_DEADLINE');
    this.#tellGiveUp(failure, 'aborted');
    return { error: reason };
  }

  #giveUp(failure: unknown, reason: GiveUpReason, code: RetryErrorCode): Ending {
    this.#tellGiveUp(failure, reason);
    return { error: new RetryError(code, this.#readFacts(this.attempt), failure) };
  }

  #readFacts(attempts: number): RetryFacts {
    const elapsedMs = this.#rule.clock.nowMs() - this.#startedMs;
    return { attempts, totalDelayMs: this.#totalDelayMs, elapsedMs };
  }

  #tellGiveUp(failure: unknown, reason: GiveUpReason): void {
    this.#rule.reporter.giveUp(this, failure, reason, this.call.context);
  }

  #drawDelayMs(isSlow: boolean, failure: unknown): number {
    const { backoff, random } = this.#rule;
    const drawnMs = isSlow
      ? backoff.drawSlowDelayMs(random)
      : backoff.drawDelayMs(this.attempt, this.#lastDelayMs, random);
    if (!(drawnMs >= 0)) throw new RangeError(`a backoff drew ${String(drawnMs)} instead of milliseconds`);
    // Coming back earlier than the server asked for is a wasted attempt, so its hint may exceed maxDelayMs.
    return Math.min(MAX_TIMER_MS, Math.max(drawnMs, readRetryAfterMs(failure)));
  }
}

function readRetryAfterMs(error: unknown): number {
  for (const link of listErrorChain(error)) {
    const hint = readField(link, 'retryAfterMs');
    if (typeof hint === 'number' && Number.isFinite(hint) && hint > 0) return hint;
  }
  return 0;
}
