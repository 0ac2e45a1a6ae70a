import { type Clock, systemClock } from '../clock/clock';
import { requireNumber } from '../errors/invalid-option-error';
import { requireClock, requireKnownOptions } from '../errors/require-option';

export interface RetryBudgetOptions {
  /** Retries allowed for each first attempt: 0.1 lets retries add a tenth to the traffic. 0 to 1. Default 0.1. */
  readonly ratio?: number | undefined;
  /** Retries that are allowed each second whatever the traffic, so that a quiet client may retry at all. At least 0. Default 0.1. */
  readonly minRetriesPerSecond?: number | undefined;
  /** Most retries that can be saved up. At least 1. Default 10. */
  readonly burst?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** Defaults of `retryBudget`. */
export const RETRY_BUDGET_DEFAULTS = Object.freeze({ ratio: 0.1, minRetriesPerSecond: 0.1, burst: 10 });

/** What a sum of fractions may lack of a whole token: ten times 0.1 comes to 0.9999999999999999. It never adds up. */
const ROUNDING = 1e-9;

/**
 * A token bucket that bounds how much retries may multiply the load on one dependency. Every first attempt pays in
 * `ratio` of a token, every second pays in `minRetriesPerSecond`, and every retry takes one out. Over any stretch of time
 * retries ≤ burst + ratio × first attempts + minRetriesPerSecond × seconds, however many callers there are.
 *
 * Share one among all retries (and hedges) that reach the same dependency; within one pipeline, a call is paid for once. It is an option of theirs and not a layer of
 * a pipeline, because it has to be asked before the wait and not after it.
 *
 * Source: the retry budgets of Finagle (RetryBudget) and gRPC (A6, retry throttling).
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #tokensPerMs: number;
  readonly #burst: number;
  readonly #clock: Clock;
  #tokens: number;
  #paidUntilMs: number;

  constructor(options: RetryBudgetOptions = {}) {
    requireKnownOptions('retryBudget', options, ['ratio', 'minRetriesPerSecond', 'burst', 'clock']);
    requireClock(options.clock);
    const { ratio, minRetriesPerSecond, burst } = RETRY_BUDGET_DEFAULTS;
    this.#ratio = requireNumber('ratio', options.ratio ?? ratio, { min: 0, max: 1 });
    this.#tokensPerMs =
      requireNumber('minRetriesPerSecond', options.minRetriesPerSecond ?? minRetriesPerSecond, { min: 0 }) /
      1000;
    this.#burst = requireNumber('burst', options.burst ?? burst, { min: 1 });
    this.#clock = options.clock ?? systemClock;
    this.#tokens = this.#burst;
    this.#paidUntilMs = this.#clock.nowMs();
  }

  /** Retries that would be granted at once, at this moment. */
  get available(): number {
    this.#payFloor();
    return Math.floor(this.#tokens + ROUNDING);
  }

  /** A first attempt is made. */
  deposit(): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + this.#ratio);
  }

  /** Takes a token for one retry, or answers false when none is left. */
  withdraw(): boolean {
    this.#payFloor();
    if (this.#tokens < 1 - ROUNDING) return false;
    this.#tokens -= 1;
    return true;
  }

  #payFloor(): void {
    const nowMs = this.#clock.nowMs();
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#paidUntilMs) * this.#tokensPerMs);
    this.#paidUntilMs = nowMs;
  }
}

/** Makes a full budget. @throws InvalidOptionError naming the option, the value and the range. */
export function retryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  return new RetryBudget(options);
}
