import { requireNumber } from '../errors/invalid-option-error';
import { requireKnownOptions } from '../errors/require-option';
import type { LimitRule, LimitTracker, LoadSample } from './limit-rule';

export interface GradientOptions {
  /** How many times the usual latency is tolerated before the limit shrinks. At least 1. Default 1.5. */
  readonly tolerance?: number | undefined;
  /** Weight of a new limit against the one before. Above 0, at most 1. Default 0.2. */
  readonly smoothing?: number | undefined;
}

const DEFAULTS = Object.freeze({ tolerance: 1.5, smoothing: 0.2 });
/** Samples over which the usual latency is averaged. */
const LONG_WINDOW = 600;
const WARM_UP = 10;

/**
 * Follows the ratio of the usual latency to the present one: as operations slow down against their own past, the limit
 * shrinks, and while they do not, it grows by about its square root. Right where nobody can say how long an operation
 * may take.
 *
 * Source: the Gradient2 limit of Netflix's concurrency-limits.
 *
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function gradient(options: GradientOptions = {}): LimitRule {
  requireKnownOptions('gradient', options, ['tolerance', 'smoothing']);
  const tolerance = requireNumber('tolerance', options.tolerance ?? DEFAULTS.tolerance, { min: 1 });
  const smoothing = requireNumber('smoothing', options.smoothing ?? DEFAULTS.smoothing, { above: 0, max: 1 });
  return Object.freeze({ createTracker: () => new GradientTracker(tolerance, smoothing) });
}

class GradientTracker implements LimitTracker {
  readonly #tolerance: number;
  readonly #smoothing: number;
  #usualMs = 0;
  #samples = 0;

  constructor(tolerance: number, smoothing: number) {
    this.#tolerance = tolerance;
    this.#smoothing = smoothing;
  }

  record({ latencyMs, active, isOverload }: LoadSample, limit: number): number {
    const usualMs = this.#average(latencyMs);
    if (!isOverload && active * 2 < limit) return limit;
    const ratio = latencyMs > 0 ? (this.#tolerance * usualMs) / latencyMs : 1;
    const slope = isOverload ? 0.5 : Math.max(0.5, Math.min(1, ratio));
    const target = limit * slope + (isOverload ? 0 : Math.sqrt(limit));
    return limit * (1 - this.#smoothing) + target * this.#smoothing;
  }

  /** A plain mean at first, then an exponential one. */
  #average(latencyMs: number): number {
    this.#samples += 1;
    const weight = this.#samples <= WARM_UP ? 1 / this.#samples : 2 / (LONG_WINDOW + 1);
    this.#usualMs += (latencyMs - this.#usualMs) * weight;
    // After a long stretch of load the past is worse than the present: forget it faster than it was learnt.
    if (this.#usualMs > 2 * latencyMs) this.#usualMs *= 0.95;
    return this.#usualMs;
  }
}
