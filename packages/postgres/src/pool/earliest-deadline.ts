import { performance } from 'node:perf_hooks';

/**
 * One timer for any number of deadlines: it runs for the earliest. A timer for each wait would cost more than most waits, which end long
 * before it.
 */
export class EarliestDeadline {
  readonly #onPassed: () => void;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Number.POSITIVE_INFINITY;

  /** @param onPassed is called when it has passed, or may have, and notes those that are left. */
  constructor(onPassed: () => void) {
    this.#onPassed = onPassed;
  }

  /** @param dueMs Monotonic, in milliseconds. */
  note(dueMs: number): void {
    if (dueMs >= this.#dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    // Rounded up: a timer that is early would have to be set once more.
    this.#timer = setTimeout(() => this.#pass(), Math.ceil(Math.max(0, dueMs - performance.now())));
  }

  /** There is none, and nothing keeps the process alive. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  #pass(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#onPassed();
  }
}
