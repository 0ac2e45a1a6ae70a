import { requireNumber } from '../errors/invalid-option-error';
import { requireKnownOptions } from '../errors/require-option';
import { areExceeded, type RatioOptions, type Ratios, readRatios } from './ratios';
import type { CallOutcome, Tally, TallySnapshot, TripRule } from './trip-rule';

export interface TimeWindowOptions extends RatioOptions {
  /** How far back calls count, in milliseconds. At least 10. Default 10 000. */
  readonly windowMs?: number | undefined;
}

/** Default of `timeWindow`, in milliseconds. */
export const TIME_WINDOW_DEFAULT_MS = 10_000;

/** Slices of the window; a call counts for between 9/10 and all of it. */
const SLICES = 10;
/** Calls, failures, slow calls. */
const FIELDS = 3;

/**
 * Opens the circuit when, of the calls of the last `windowMs`, the failed or the slow ones reach a ratio. Calls expire by
 * time alone: neither four failures of yesterday nor a thousand successes of this morning weigh on the next minute.
 *
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function timeWindow(options: TimeWindowOptions = {}): TripRule {
  requireKnownOptions('timeWindow', options, [
    'windowMs',
    'failureRatio',
    'slowCallRatio',
    'minimumThroughput',
  ]);
  const windowMs = requireNumber('windowMs', options.windowMs ?? TIME_WINDOW_DEFAULT_MS, { min: SLICES });
  const ratios = readRatios(options);
  return Object.freeze({ createTally: () => new TimeTally(windowMs / SLICES, ratios) });
}

/** A ring of slices with running totals: recording costs the same whatever the traffic. */
class TimeTally implements Tally {
  readonly #sliceMs: number;
  readonly #ratios: Ratios;
  readonly #ring = new Array<number>(SLICES * FIELDS).fill(0);
  // Before any: a clock may count from a fixed point that lies ahead, so that its slices are negative.
  #slice = Number.NEGATIVE_INFINITY;
  /** Where the current slice lies in the ring. */
  #at = 0;
  #calls = 0;
  #failures = 0;
  #slow = 0;

  constructor(sliceMs: number, ratios: Ratios) {
    this.#sliceMs = sliceMs;
    this.#ratios = ratios;
  }

  record({ isFailure, isSlow }: CallOutcome, nowMs: number): boolean {
    this.#moveTo(nowMs);
    this.#add(this.#at, 1, isFailure ? 1 : 0, isSlow ? 1 : 0);
    return areExceeded(this.#ratios, this.#calls, this.#failures, this.#slow);
  }

  read(nowMs: number): { readonly calls: number; readonly failures: number } {
    this.#moveTo(nowMs);
    return { calls: this.#calls, failures: this.#failures };
  }

  exportCounts(nowMs: number): TallySnapshot {
    this.#moveTo(nowMs);
    const counts: number[] = [];
    for (let age = 0; age < SLICES; age++) {
      const at = this.#indexOf(this.#slice - age);
      counts.push(...this.#ring.slice(at, at + FIELDS));
    }
    return { rule: 'timeWindow', counts };
  }

  restoreCounts({ rule, counts }: TallySnapshot, nowMs: number): boolean {
    if (rule !== 'timeWindow' || counts.length !== SLICES * FIELDS || !areCounts(counts)) return false;
    this.#moveTo(nowMs);
    // The age of a call is known by its slice alone: it may go on counting for a slice more or less than in its old process.
    for (let age = 0; age < SLICES; age++) {
      const [calls = 0, failures = 0, slow = 0] = counts.slice(age * FIELDS, (age + 1) * FIELDS);
      this.#add(this.#indexOf(this.#slice - age), calls, failures, slow);
    }
    return true;
  }

  #add(at: number, calls: number, failures: number, slow: number): void {
    const ring = this.#ring;
    ring[at] = (ring[at] as number) + calls;
    ring[at + 1] = (ring[at + 1] as number) + failures;
    ring[at + 2] = (ring[at + 2] as number) + slow;
    this.#calls += calls;
    this.#failures += failures;
    this.#slow += slow;
  }

  /** Makes the slice of this moment the current one, and forgets those that have left the window. */
  #moveTo(nowMs: number): void {
    const slice = Math.floor(nowMs / this.#sliceMs);
    if (slice <= this.#slice) return;
    const oldest = Math.max(this.#slice + 1, slice - SLICES + 1);
    for (let passed = oldest; passed <= slice; passed++) {
      const at = this.#indexOf(passed);
      this.#calls -= this.#ring[at] as number;
      this.#failures -= this.#ring[at + 1] as number;
      this.#slow -= this.#ring[at + 2] as number;
      this.#ring.fill(0, at, at + FIELDS);
    }
    this.#slice = slice;
    this.#at = this.#indexOf(slice);
  }

  #indexOf(slice: number): number {
    return (((slice % SLICES) + SLICES) % SLICES) * FIELDS;
  }
}

/** No slice holds more failures, or slow calls, than calls. */
function areCounts(counts: readonly number[]): boolean {
  return counts.every((count, at) => count <= (counts[at - (at % FIELDS)] as number));
}
