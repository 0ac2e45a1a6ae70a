import { performance } from 'node:perf_hooks';

/** The longest delay a Node timer keeps; anything above fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** A timer that has been set and can be taken back. */
export interface ScheduledTimer {
  cancel(): void;
}

/** The passing of time, as a parameter. Readings are monotonic: a change of the wall clock does not move them. */
export interface Clock {
  /** Milliseconds since an arbitrary fixed point. */
  nowMs(): number;
  /** Calls back once, `delayMs` from now. */
  schedule(callback: () => void, delayMs: number): ScheduledTimer;
}

/** The process's own monotonic clock and timers. */
export const systemClock: Clock = Object.freeze({
  nowMs: () => performance.now(),
  schedule(callback: () => void, delayMs: number): ScheduledTimer {
    const timer = setTimeout(callback, Math.min(delayMs, MAX_TIMER_MS));
    return { cancel: () => clearTimeout(timer) };
  },
});

/**
 * Resolves after `delayMs`, or rejects with the signal's reason the moment it aborts.
 * Leaves neither a timer nor a listener behind in either case.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.schedule(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
