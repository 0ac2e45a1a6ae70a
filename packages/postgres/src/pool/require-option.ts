import { InvalidOptionError } from '@holdfast/resilience';

/**
 * Refuses what cannot hold options. A text is not told, because a connection URL in the wrong place holds a password.
 * @param allowed what is meant, in words.
 * @throws InvalidOptionError
 */
export function requireObject(option: string, value: unknown, allowed: string): asserts value is object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw new InvalidOptionError(option, typeof value === 'string' ? 'a text' : value, allowed);
}

/** @throws InvalidOptionError unless the value is true, false or undefined. */
export function requireBoolean(option: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw new InvalidOptionError(option, value, 'true or false');
}

/** @throws InvalidOptionError unless the value is a signal or undefined. */
export function requireSignal(value: unknown): void {
  if (value === undefined || value instanceof AbortSignal) return;
  throw new InvalidOptionError('signal', value, 'an AbortSignal');
}
