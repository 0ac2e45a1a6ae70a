import type { Clock, ScheduledTimer } from './clock';

/** Something that waits in a `TimerList`. The links belong to the list. */
export interface TimerEntry {
  /** When it falls due, in whole milliseconds of the list's clock. */
  dueMs: number;
  previous: TimerEntry | undefined;
  next: TimerEntry | undefined;
  /** Called once, when the time has come and the entry has left the list. */
  onDue(): void;
}

/**
 * Many timers of one duration behind a single real one. Entries of equal duration fall due in the order they arrive, so
 * a linked list keeps them sorted, and adding or removing one costs no timer: that is what makes a timeout cheap enough
 * to be always on. The real timer holds the process only while an entry waits.
 */
export class TimerList {
  readonly #clock: Clock;
  readonly #durationMs: number;
  #first: TimerEntry | undefined;
  #last: TimerEntry | undefined;
  #timer: ScheduledTimer | undefined;
  readonly #onTimer = (): void => this.#fire();

  constructor(clock: Clock, durationMs: number) {
    this.#clock = clock;
    this.#durationMs = durationMs;
  }

  /** @param nowMs this moment, which the caller has often read already. */
  add(entry: TimerEntry, nowMs: number = this.#clock.nowMs()): void {
    // Whole milliseconds are small integers to the engine; a fraction would allocate a number on the heap for each call.
    entry.dueMs = Math.ceil(nowMs + this.#durationMs);
    entry.next = undefined;
    entry.previous = this.#last;
    if (this.#last === undefined) {
      this.#first = entry;
      if (this.#timer === undefined) this.#timer = this.#clock.schedule(this.#onTimer, this.#durationMs);
      else this.#timer.ref();
    } else {
      this.#last.next = entry;
    }
    this.#last = entry;
  }

  remove(entry: TimerEntry): void {
    const { previous, next } = entry;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    entry.previous = undefined;
    entry.next = undefined;
    // Left set, so that the next entry need not set another; whoever finds the list empty lets it lapse.
    if (this.#first === undefined) this.#timer?.unref();
  }

  #fire(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.nowMs();
    // One pass over those that are due now: what they add in consequence is due later.
    for (let entry = this.#first; entry !== undefined && entry.dueMs <= nowMs; entry = this.#first) {
      this.remove(entry);
      entry.onDue();
    }
    if (this.#first !== undefined && this.#timer === undefined) {
      this.#timer = this.#clock.schedule(this.#onTimer, Math.max(1, this.#first.dueMs - nowMs));
    }
  }
}
