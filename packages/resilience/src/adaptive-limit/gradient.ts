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
/** Rounds over which the usual latency is averaged. */
const LONG_WINDOW = 600;
const WARM_UP = 10;

/**
 * Follows the ratio of the usual latency to the present one: as operations slow down against their own past, the limit
 * shrinks, and while they do not, it grows towards itself and its square root; one step for each round of operations.
 * Right where nobody can say how long an operation may take. What is slow for long becomes usual: where the longest
 * bearable latency is known, `aimd` holds it.
 *
 * Source: the Gradient2 limit of Netflix's concurrency-limits, whose windows are rounds here.
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
  #rounds = 0;
  #round = createRound();

  constructor(tolerance: number, smoothing: number) {
    this.#tolerance = tolerance;
    this.#smoothing = smoothing;
  }

  record({ latencyMs, active, isOverload }: LoadSample, limit: number): number {
    const round = this.#round;
    round.samples += 1;
    round.mostActive = Math.max(round.mostActive, active);
    if (isOverload) round.overloads += 1;
    else round.totalMs += latencyMs;
    // What runs at once meets the same load; if each of them moved the limit, one pause would take it away.
    if (round.samples < round.mostActive) return limit;
    this.#round = createRound();
    return this.#step(round, limit);
  }

  #step({ samples, overloads, mostActive, totalMs }: Round, limit: number): number {
    const answers = samples - overloads;
    const presentMs = answers > 0 ? totalMs / answers : 0;
    if (answers > 0) this.#learn(presentMs);
    const isOverload = overloads > 0;
    // A limit that is not used says nothing about what the dependency would bear.
    if (!isOverload && mostActive * 2 < limit) return limit;
    const ratio = presentMs > 0 ? (this.#tolerance * this.#usualMs) / presentMs : 1;
    const slope = isOverload ? 0.5 : Math.max(0.5, Math.min(1, ratio));
    const target = limit * slope + (isOverload ? 0 : Math.sqrt(limit));
    return limit * (1 - this.#smoothing) + target * this.#smoothing;
  }

  /** A plain mean at first, then an exponential one. */
  #learn(latencyMs: number): void {
    this.#rounds += 1;
    const weight = this.#rounds <= WARM_UP ? 1 / this.#rounds : 2 / (LONG_WINDOW + 1);
    this.#usualMs += (latencyMs - this.#usualMs) * weight;
    // After a long stretch of load the past is worse than the present: forget it faster than it was learnt.
    if (this.#usualMs > 2 * latencyMs) this.#usualMs *= 0.95;
  }
}

/** As many operations as ran at once. */
interface Round {
  samples: number;
  overloads: number;
  mostActive: number;
  /** Latencies of those that were not overload, added up. */
  totalMs: number;
}

function createRound(): Round {
  return { samples: 0, overloads: 0, mostActive: 0, totalMs: 0 };
}
