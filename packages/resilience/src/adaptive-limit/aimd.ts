import { requireNumber } from '../errors/invalid-option-error';
import { requireKnownOptions } from '../errors/require-option';
import type { LimitRule, LimitTracker, LoadSample } from './limit-rule';

export interface AimdOptions {
  /** Operations that take longer mean overload, in milliseconds. Above 0. */
  readonly maxLatencyMs: number;
  /** What is left of the limit after a round with overload. At least 0.5, below 1. Default 0.9. */
  readonly backoffRatio?: number | undefined;
}

const DEFAULT_BACKOFF_RATIO = 0.9;

/**
 * Additive increase, multiplicative decrease: the limit grows by one for each round of operations while it is used, and
 * shrinks by a ratio for each round in which one of them means overload. Right where it is known how long an operation may
 * take.
 *
 * Source: D. Chiu, R. Jain, "Analysis of the Increase and Decrease Algorithms for Congestion Avoidance", 1989.
 *
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function aimd(options: AimdOptions): LimitRule {
  requireKnownOptions('aimd', options, ['maxLatencyMs', 'backoffRatio']);
  const maxLatencyMs = requireNumber('maxLatencyMs', options.maxLatencyMs, { above: 0 });
  const backoffRatio = requireNumber('backoffRatio', options.backoffRatio ?? DEFAULT_BACKOFF_RATIO, {
    min: 0.5,
    below: 1,
  });
  return Object.freeze({ createTracker: () => new AimdTracker(maxLatencyMs, backoffRatio) });
}

class AimdTracker implements LimitTracker {
  readonly #maxLatencyMs: number;
  readonly #backoffRatio: number;
  /** Operations still to come of the round for which the limit has shrunk. */
  #restOfRound = 0;

  constructor(maxLatencyMs: number, backoffRatio: number) {
    this.#maxLatencyMs = maxLatencyMs;
    this.#backoffRatio = backoffRatio;
  }

  record({ latencyMs, active, isOverload }: LoadSample, limit: number): number {
    const isSameRound = this.#restOfRound > 0;
    if (isSameRound) this.#restOfRound -= 1;
    if (isOverload || latencyMs > this.#maxLatencyMs) {
      // One pause makes everything slow that runs; if each of them counted, it would take the whole limit away.
      if (isSameRound) return limit;
      this.#restOfRound = active - 1;
      return limit * this.#backoffRatio;
    }
    // A limit that is not used says nothing about what the dependency would bear.
    return active * 2 >= limit ? limit + 1 / limit : limit;
  }
}
