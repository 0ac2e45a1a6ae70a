import type { Clock } from '../clock/clock';
import { InvalidOptionError } from './invalid-option-error';

/**
 * Refuses an options object that is not one, or that names an option nobody reads: a misspelt option would otherwise
 * fall back to its default in silence.
 * @throws InvalidOptionError
 */
export function requireKnownOptions(policy: string, options: unknown, known: readonly string[]): void {
  requireOptionsObject(policy, options);
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new InvalidOptionError(`${policy} option`, name, `one of ${known.join(', ')}`);
  }
}

/** @throws InvalidOptionError unless the value is an object that can hold options. */
export function requireOptionsObject(policy: string, options: unknown): asserts options is object {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return;
  throw new InvalidOptionError(`${policy} options`, options, 'an object');
}

/** @throws InvalidOptionError unless the value is a function or undefined. */
export function requireFunction(option: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  throw new InvalidOptionError(option, value, 'a function');
}

/** @throws InvalidOptionError unless the value can serve as a clock, or is undefined. */
export function requireClock(clock: unknown): void {
  if (clock === undefined) return;
  if (typeof clock === 'object' && clock !== null) {
    const { nowMs, schedule } = clock as Partial<Clock>;
    if (typeof nowMs === 'function' && typeof schedule === 'function') return;
  }
  throw new InvalidOptionError('clock', clock, 'a Clock with nowMs and schedule');
}

/** @throws InvalidOptionError unless the value can serve as a structured logger, or is undefined. */
export function requireLogger(logger: unknown): void {
  if (logger === undefined) return;
  const levels = ['debug', 'info', 'warn', 'error'] as const;
  if (typeof logger === 'object' && logger !== null) {
    const methods = logger as Partial<Record<(typeof levels)[number], unknown>>;
    if (levels.every((level) => typeof methods[level] === 'function')) return;
  }
  throw new InvalidOptionError('logger', logger, `an object with ${levels.join(', ')}`);
}

/** @throws InvalidOptionError unless the value is a text to call something by, or undefined. */
export function requireName(name: unknown): void {
  if (name === undefined || (typeof name === 'string' && name.length > 0 && name.length <= 100)) return;
  throw new InvalidOptionError('name', name, 'a text of 1 to 100 characters');
}
