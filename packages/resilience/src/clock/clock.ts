/** The longest delay a Node timer keeps; anything above fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** A timer that has been set and can be taken back. */
export interface ScheduledTimer {
  cancel(): void;
  /** The process stays alive for this timer. True from the start. */
  ref(): void;
  /** The process may end although this timer is set. */
  unref(): void;
}

/** The passing of time, as a parameter. Readings are monotonic: a change of the wall clock does not move them. */
export interface Clock {
  /** Milliseconds since an arbitrary fixed point. */
  nowMs(): number;
  /** Calls back once, `delayMs` from now, at most `MAX_TIMER_MS`. May be early or late; whoever needs a bound reads `nowMs`. */
  schedule(callback: () => void, delayMs: number): ScheduledTimer;
}

/** The process's own monotonic clock and timers. */
export const systemClock: Clock = Object.freeze({
  // The global one, and looked up each time: fake timers replace it together with setTimeout.
  nowMs: () => performance.now(),
  schedule(callback: () => void, delayMs: number): ScheduledTimer {
    const timer = setTimeout(callback, Math.min(delayMs, MAX_TIMER_MS));
    return {
      cancel: () => clearTimeout(timer),
      ref: () => void timer.ref(),
      unref: () => void timer.unref(),
    };
  },
});
