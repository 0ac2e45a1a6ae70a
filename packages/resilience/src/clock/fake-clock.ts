import { requireNumber } from '../errors/invalid-option-error';
import type { Clock, ScheduledTimer } from './clock';

interface PendingTimer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
  isSet: boolean;
  isReferenced: boolean;
}

/** A clock for tests: time stands still until it is moved, and timers fire in the order they are due. */
export class FakeClock implements Clock {
  #nowMs = 0;
  #order = 0;
  /** A binary heap; cancelled timers stay until they come to the top. */
  readonly #heap: PendingTimer[] = [];
  readonly #set = new Set<PendingTimer>();

  nowMs(): number {
    return this.#nowMs;
  }

  /** How many timers are set and would keep a process alive; zero proves that nothing was left behind. */
  get pendingTimers(): number {
    let count = 0;
    for (const timer of this.#set) if (timer.isReferenced) count += 1;
    return count;
  }

  schedule(callback: () => void, delayMs: number): ScheduledTimer {
    const dueMs = this.#nowMs + Math.max(0, delayMs);
    const timer = { dueMs, order: this.#order++, callback, isSet: true, isReferenced: true };
    this.#set.add(timer);
    this.#push(timer);
    return {
      cancel: () => {
        timer.isSet = false;
        this.#set.delete(timer);
      },
      ref: () => {
        timer.isReferenced = true;
      },
      unref: () => {
        timer.isReferenced = false;
      },
    };
  }

  /**
   * Moves time forward by `durationMs`, firing what falls due and letting its consequences run in between.
   * @throws InvalidOptionError when that would move it back.
   */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#nowMs + requireNumber('durationMs', durationMs, { min: 0 });
    await settleMicrotasks();
    for (let next = this.#peek(); next && next.dueMs <= untilMs; next = this.#peek()) {
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
      const next = this.#peek();
      if (!next) throw new Error('The promise is pending and no timer is left');
      await this.#fire(next);
    }
    return promise;
  }

  async #fire(timer: PendingTimer): Promise<void> {
    this.#pop();
    this.#set.delete(timer);
    this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
    timer.callback();
    await settleMicrotasks();
  }

  #peek(): PendingTimer | undefined {
    while (this.#heap[0]?.isSet === false) this.#pop();
    return this.#heap[0];
  }

  #push(timer: PendingTimer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt] as PendingTimer;
      if (isEarlier(parent, timer)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (let childAt = 1; childAt < heap.length; childAt = 2 * at + 1) {
      const right = heap[childAt + 1];
      if (right !== undefined && isEarlier(right, heap[childAt] as PendingTimer)) childAt += 1;
      const child = heap[childAt] as PendingTimer;
      if (isEarlier(last, child)) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = last;
  }
}

/** Makes a clock that stands at 0 ms. Give it to policies as `clock`, and move it with `advance`. */
export function fakeClock(): FakeClock {
  return new FakeClock();
}

function isEarlier(a: PendingTimer, b: PendingTimer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

/** Every microtask queued so far, and those they queue, have run when a macrotask gets its turn. */
function settleMicrotasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
