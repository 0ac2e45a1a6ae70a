import { type Clock, MAX_TIMER_MS, systemClock } from './clock';
import { requireNumber } from './invalid-option-error';

/** A point in monotonic time that attempts, waits and queues share. */
export interface Deadline {
  /** Milliseconds that are left; never negative. */
  remainingMs(): number;
}

/**
 * Creates a deadline `limitMs` from now. Hand the same one to everything that serves one request.
 * @throws InvalidOptionError unless `limitMs` lies above 0 and within a timer's maximum, 2³¹−1 ms; a wall-clock
 * timestamp given by mistake is refused by that.
 */
export function createDeadline(limitMs: number, clock: Clock = systemClock): Deadline {
  const atMs = clock.nowMs() + requireNumber('deadline', limitMs, { above: 0, max: MAX_TIMER_MS });
  return { remainingMs: () => Math.max(0, atMs - clock.nowMs()) };
}
