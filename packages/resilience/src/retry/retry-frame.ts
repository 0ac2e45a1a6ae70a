import { MAX_TIMER_MS, type ScheduledTimer } from '../clock/clock';
import { DeadlineExceededError } from '../clock/deadline';
import { listErrorChain, readField } from '../errors/error-chain';
import { judge } from '../errors/judge';
import type { CallContext } from '../pipeline/call-context';
import { type Enclosure, Frame } from '../pipeline/frame';
import type { AbortListener } from '../pipeline/scope';
import type { RetryBudget } from './retry-budget';
import { isRetried, RetryError, type RetryErrorCode } from './retry-error';
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
  #failure: unknown;
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
    this.#startedMs = this.#rule.clock.nowMs();
    this.#ownBudget?.deposit();
    this.#rule.reporter.attempt(1, this.call.context);
    this.inner.run();
  }

  override succeed(value: unknown): void {
    if (this.attempt > 1) this.#rule.reporter.successAfterRetry(this, this.call.context);
    this.outer.succeed(value);
  }

  override fail(failure: unknown): void {
    try {
      this.#decide(failure);
    } catch (error) {
      // Thrown by what the caller supplied, be it a clock. If nobody were told, the call would stay pending for ever.
      this.outer.fail(error);
    }
  }

  /** The scope was aborted during a wait. */
  onAbort(reason: unknown): void {
    this.#timer?.cancel();
    this.#endAborted(this.#leaveWait(), reason);
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

  /** @throws what the caller supplied throws, before anything has been decided. */
  #decide(error: unknown): void {
    const { decide, maxAttempts, reporter } = this.#rule;
    // Attempts that were already retried further in are not multiplied further out.
    const decision = isRetried(error)
      ? 'no'
      : judge('retryableErrors', error, () => decide(error, this.call.context));
    const isOnce = decision === 'once' || decision === 'once-slow';
    if (decision === 'no' || (isOnce && this.#isOnceSpent)) {
      if (this.attempt > 1) this.#tellGiveUp(error, 'not-retryable');
      this.outer.fail(error);
      return;
    }
    if (this.scope.isAborted) {
      this.#endAborted(error, this.scope.reason);
      return;
    }
    if (this.attempt >= maxAttempts) {
      this.#giveUp(error, 'exhausted', 'RETRY_EXHAUSTED');
      return;
    }
    const isSlow = decision === 'slow' || decision === 'once-slow';
    const delayMs = judge('backoff', error, () => this.#drawDelayMs(isSlow, error));
    if (delayMs >= this.scope.remainingMs()) {
      this.#giveUp(error, 'deadline', 'RETRY_DEADLINE');
      return;
    }
    // Asked last: a token is for a retry that will take place.
    if (this.#rule.budget?.withdraw() === false) {
      this.#giveUp(error, 'budget', 'RETRY_BUDGET');
      return;
    }
    this.#isOnceSpent ||= isOnce;
    this.#lastDelayMs = delayMs;
    reporter.retry(this, error, this.call.context);
    this.#startWait(error, delayMs);
  }

  #startWait(failure: unknown, delayMs: number): void {
    // A listener or a backoff may have aborted the call just now, and a wait would not be told of that.
    if (this.scope.isAborted) {
      this.#endAborted(failure, this.scope.reason);
      return;
    }
    this.#failure = failure;
    this.#waitStartedMs = this.#rule.clock.nowMs();
    this.#timer = this.#rule.clock.schedule(this.#onWaitOver, delayMs);
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
    this.scope.unlisten(this);
    const failure = this.#leaveWait();
    // The timer may have fired late; an attempt that starts after the deadline could only fail.
    if (this.scope.isAborted) {
      this.#endAborted(failure, this.scope.reason);
      return;
    }
    this.attempt += 1;
    this.#rule.reporter.attempt(this.attempt, this.call.context);
    if (this.#isInnerBusy) {
      this.#isInnerBusy = false;
      this.inner = this.createInner();
    }
    this.inner.run();
  }

  #endAborted(failure: unknown, reason: unknown): void {
    if (reason instanceof DeadlineExceededError) {
      this.#giveUp(failure, 'deadline', 'RETRY_DEADLINE');
    } else {
      this.#tellGiveUp(failure, 'aborted');
      this.outer.fail(reason);
    }
  }

  #giveUp(failure: unknown, reason: GiveUpReason, code: RetryErrorCode): void {
    this.#tellGiveUp(failure, reason);
    const facts = {
      attempts: this.attempt,
      totalDelayMs: this.#totalDelayMs,
      elapsedMs: this.#rule.clock.nowMs() - this.#startedMs,
    };
    this.outer.fail(new RetryError(code, facts, failure));
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
