import { InvalidOptionError, requireNumber } from '../errors/invalid-option-error';
import { requireKnownOptions } from '../errors/require-option';
import { areExceeded, type RatioOptions, type Ratios, readRatios } from './ratios';
import type { CallOutcome, Tally, TallySnapshot, TripRule } from './trip-rule';

export interface CountWindowOptions extends RatioOptions {
  /** How many of the last calls count. An integer of at least 1. Default 100. */
  readonly size?: number | undefined;
}

const DEFAULT_SIZE = 100;
const FAILED = 1;
const SLOW = 2;

/**
 * Opens the circuit when, of the last `size` calls, the failed or the slow ones reach a ratio. Time plays no part: where
 * traffic comes and goes, `timeWindow` forgets what this rule still holds against a dependency.
 *
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function countWindow(options: CountWindowOptions = {}): TripRule {
  requireKnownOptions('countWindow', options, ['size', 'failureRatio', 'slowCallRatio', 'minimumThroughput']);
  const size = requireNumber('size', options.size ?? DEFAULT_SIZE, { min: 1, max: 1_000_000, integer: true });
  const ratios = readRatios({
    ...options,
    minimumThroughput: options.minimumThroughput ?? Math.min(size, readRatios({}).minimumThroughput),
  });
  if (ratios.minimumThroughput > size) {
    throw new InvalidOptionError('minimumThroughput', ratios.minimumThroughput, `at most size, ${size}`);
  }
  return Object.freeze({ createTally: () => new CountTally(size, ratios) });
}

/** A ring of the last outcomes with running totals. */
class CountTally implements Tally {
  readonly #size: number;
  readonly #ratios: Ratios;
  readonly #ring: number[] = [];
  #oldest = 0;
  #failures = 0;
  #slow = 0;

  constructor(size: number, ratios: Ratios) {
    this.#size = size;
    this.#ratios = ratios;
  }

  record({ isFailure, isSlow }: CallOutcome): boolean {
    this.#add((isFailure ? FAILED : 0) | (isSlow ? SLOW : 0));
    return areExceeded(this.#ratios, this.#ring.length, this.#failures, this.#slow);
  }

  read(): { readonly calls: number; readonly failures: number } {
    return { calls: this.#ring.length, failures: this.#failures };
  }

  exportCounts(): TallySnapshot {
    return {
      rule: 'countWindow',
      counts: [...this.#ring.slice(this.#oldest), ...this.#ring.slice(0, this.#oldest)],
    };
  }

  restoreCounts({ rule, counts }: TallySnapshot): boolean {
    if (rule !== 'countWindow' || counts.length > this.#size) return false;
    for (const outcome of counts) this.#add(outcome);
    return true;
  }

  #add(outcome: number): void {
    if (this.#ring.length < this.#size) {
      this.#ring.push(outcome);
    } else {
      this.#count(this.#ring[this.#oldest] as number, -1);
      this.#ring[this.#oldest] = outcome;
      this.#oldest = (this.#oldest + 1) % this.#size;
    }
    this.#count(outcome, 1);
  }

  #count(outcome: number, step: 1 | -1): void {
    if (outcome & FAILED) this.#failures += step;
    if (outcome & SLOW) this.#slow += step;
  }
}
