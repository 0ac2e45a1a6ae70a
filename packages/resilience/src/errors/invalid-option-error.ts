/** An option was given a value outside its range. Nothing has been started. */
export class InvalidOptionError extends Error {
  override readonly name = 'InvalidOptionError';
  readonly code = 'INVALID_OPTION';

  constructor(
    /** The option's name as the caller wrote it. */
    readonly option: string,
    readonly value: unknown,
    /** What is allowed, in words. */
    readonly allowed: string,
  ) {
    super(`${option} must be ${allowed}, but is ${renderValue(value)}`);
  }
}

/** Bounds of a numeric option. A bound that is left out does not limit; infinities and NaN are always refused. */
export interface NumberRange {
  readonly min?: number;
  readonly above?: number;
  readonly max?: number;
  readonly below?: number;
  readonly integer?: boolean;
}

/**
 * Returns the value when it lies within the range.
 * @throws InvalidOptionError with the option, the value and the range.
 */
export function requireNumber(option: string, value: unknown, range: NumberRange): number {
  const valid =
    typeof value === 'number' &&
    Number.isFinite(value) &&
    (range.min === undefined || value >= range.min) &&
    (range.above === undefined || value > range.above) &&
    (range.max === undefined || value <= range.max) &&
    (range.below === undefined || value < range.below) &&
    (!range.integer || Number.isInteger(value));
  if (!valid) throw new InvalidOptionError(option, value, renderRange(range));
  return value;
}

function renderRange({ min, above, max, below, integer }: NumberRange): string {
  const noun = integer ? 'an integer' : 'a finite number';
  const bounds = [
    min === undefined ? '' : `of at least ${min}`,
    above === undefined ? '' : `above ${above}`,
    max === undefined ? '' : `of at most ${max}`,
    below === undefined ? '' : `below ${below}`,
  ].filter(Boolean);
  return [noun, bounds.join(' and ')].filter(Boolean).join(' ');
}

function renderValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  // Its text would be the code of the function, and what is missing is mostly a pair of brackets.
  if (typeof value === 'function') return value.name === '' ? 'a function' : `the function ${value.name}`;
  if (value === null || typeof value !== 'object') return String(value);
  return Array.isArray(value) ? 'an array' : 'an object';
}
