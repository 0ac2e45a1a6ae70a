/** An option was given a value outside its range. Nothing has been started. */
export class InvalidOptionError extends Error {
  override readonly name = 'InvalidOptionError';
  readonly code = 'INVALID_OPTION';

  constructor(
    readonly option: string,
    readonly value: unknown,
    /** What is allowed, in words. */
    readonly allowed: string,
  ) {
    super(`${option} must be ${allowed}, but is ${String(value)}`);
  }
}

/** Returns the value when it is a number of at least `min`. @throws InvalidOptionError */
export function requireNumber(option: string, value: number, min: number): number {
  if (Number.isFinite(value) && value >= min) return value;
  throw new InvalidOptionError(option, value, `a finite number of at least ${min}`);
}
