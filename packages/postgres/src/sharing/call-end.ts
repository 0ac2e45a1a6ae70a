import {
  type Deadline,
  DeadlineExceededError,
  InvalidOptionError,
  MAX_TIMER_MS,
  requireNumber,
} from '@holdfast/resilience';
import { tagPhase } from '@holdfast/resilience/postgres';

/**
 * When a call ends, on the clock of `performance`; Infinity without a deadline.
 * @throws DeadlineExceededError; InvalidOptionError
 */
export function readEnd(deadline: Deadline | number | undefined): number {
  if (deadline === undefined) return Number.POSITIVE_INFINITY;
  if (typeof deadline !== 'number' && typeof deadline?.remainingMs !== 'function') {
    throw new InvalidOptionError('deadline', deadline, 'a Deadline, or milliseconds');
  }
  const remainingMs = typeof deadline === 'number' ? deadline : deadline.remainingMs();
  requireNumber('deadline', remainingMs, { max: MAX_TIMER_MS });
  if (remainingMs <= 0) throw tagPhase(new DeadlineExceededError(), 'acquire');
  return performance.now() + remainingMs;
}
