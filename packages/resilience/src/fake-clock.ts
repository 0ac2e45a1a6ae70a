import type { Clock, ScheduledTimer } from './clock';

interface PendingTimer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock for tests: time stands still until it is moved, and timers fire in the order they are due. */
export class FakeClock implements Clock {
  #nowMs = 0;
  #order = 0;
  #timers: PendingTimer[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  /** How many timers are set and have not fired; zero proves that nothing was left behind. */
  get pendingTimers(): number {
    return this.#timers.length;
  }

  schedule(callback: () => void, delayMs: number): ScheduledTimer {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((pending) => pending !== timer);
      },
    };
  }

  /** Moves time forward by `durationMs`, firing what falls due and letting its consequences run in between. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#nowMs + durationMs;
    await settleMicrotasks();
    for (let next = this.#next(); next && next.dueMs <= untilMs; next = this.#next()) {
      await this.#fire(next);
    }
    this.#nowMs = untilMs;
  }

  /**
   * Fires timers, earliest first, until the promise settles, and settles the same way.
   * @throws Error when the promise is pending and no timer is left that could end it.
   */
  async runUntilSettled<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const markSettled = (): void => {
      settled = true;
    };
    promise.then(markSettled, markSettled);
    await settleMicrotasks();
    while (!settled) {
      const next = this.#next();
      if (!next) throw new Error('The promise is pending and no timer is left');
      await this.#fire(next);
    }
    return promise;
  }

  #next(): PendingTimer | undefined {
    return this.#timers.toSorted((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];
  }

  async #fire(timer: PendingTimer): Promise<void> {
    this.#timers = this.#timers.filter((pending) => pending !== timer);
    this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
    timer.callback();
    await settleMicrotasks();
  }
}

/** Every microtask queued so far, and those they queue, have run when a macrotask gets its turn. */
function settleMicrotasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
