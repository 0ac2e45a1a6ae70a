import { requireNumber } from '../errors/invalid-option-error';
import type { CallOutcome, Tally, TallySnapshot, TripRule } from './trip-rule';

/**
 * Opens the circuit after so many failures in a row. One success starts the count again, so that a dependency which fails
 * every second call is never given up: prefer `timeWindow` where there is traffic.
 *
 * @throws InvalidOptionError unless `failures` is an integer of at least 1.
 */
export function consecutiveFailures(failures: number): TripRule {
  requireNumber('failures', failures, { min: 1, integer: true });
  return Object.freeze({ createTally: () => new ConsecutiveTally(failures) });
}

class ConsecutiveTally implements Tally {
  readonly #threshold: number;
  #failures = 0;

  constructor(threshold: number) {
    this.#threshold = threshold;
  }

  record({ isFailure }: CallOutcome): boolean {
    this.#failures = isFailure ? this.#failures + 1 : 0;
    return this.#failures >= this.#threshold;
  }

  read(): { readonly calls: number; readonly failures: number } {
    return { calls: this.#failures, failures: this.#failures };
  }

  exportCounts(): TallySnapshot {
    return { rule: 'consecutiveFailures', counts: [this.#failures] };
  }

  restoreCounts({ rule, counts }: TallySnapshot): boolean {
    if (rule !== 'consecutiveFailures' || counts.length !== 1) return false;
    this.#failures = counts[0] as number;
    return true;
  }
}
