import { InvalidOptionError, requireNumber } from '../errors/invalid-option-error';
import { type Clock, MAX_TIMER_MS, type ScheduledTimer, systemClock } from './clock';

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
  return new MonotonicDeadline(requireNumber('deadline', limitMs, { above: 0, max: MAX_TIMER_MS }), clock);
}

class MonotonicDeadline implements Deadline {
  readonly #atMs: number;
  readonly #clock: Clock;

  constructor(limitMs: number, clock: Clock) {
    this.#atMs = clock.nowMs() + limitMs;
    this.#clock = clock;
  }

  remainingMs(): number {
    return Math.max(0, this.#atMs - this.#clock.nowMs());
  }
}

function readRemainingMs(deadline: Deadline): number {
  try {
    const remainingMs: unknown = deadline.remainingMs();
    return typeof remainingMs === 'number' && remainingMs > 0 ? remainingMs : 0;
  } catch {
    return 0;
  }
}

const PASSED: Deadline = Object.freeze({ remainingMs: () => 0 });

/**
 * Reads a deadline given as such, or as milliseconds from now. What is left of a time limit may be nothing or less, and is a
 * deadline that has passed. One of another make that throws or answers no number is taken for passed as well.
 * @throws InvalidOptionError when it is neither, or out of range.
 */
export function readDeadline(deadline: Deadline | number, clock: Clock): Deadline {
  if (typeof deadline === 'number') {
    return deadline <= 0 && Number.isFinite(deadline) ? PASSED : createDeadline(deadline, clock);
  }
  if (deadline instanceof MonotonicDeadline) return deadline;
  if (typeof deadline === 'object' && deadline !== null && typeof deadline.remainingMs === 'function') {
    return { remainingMs: () => readRemainingMs(deadline) };
  }
  throw new InvalidOptionError('deadline', deadline, 'a Deadline, or milliseconds above 0');
}

/** The deadline passed before the work was done. Where it was, and whether it was applied, this error cannot know. */
export class DeadlineExceededError extends Error {
  override readonly name = 'DeadlineExceededError';
  readonly code = 'DEADLINE_EXCEEDED';

  constructor() {
    super('The deadline has passed');
  }
}

/** Calls back once when the deadline has passed, never earlier. The returned function takes that back. */
export function onDeadline(deadline: Deadline, clock: Clock, callback: () => void): () => void {
  let timer: ScheduledTimer;
  const wait = (): void => {
    const leftMs = Math.min(MAX_TIMER_MS, Math.max(1, Math.ceil(deadline.remainingMs())));
    // A timer may fire early; only the deadline itself knows when it has passed.
    timer = clock.schedule(() => (deadline.remainingMs() > 0 ? wait() : callback()), leftMs);
  };
  wait();
  return () => timer.cancel();
}
