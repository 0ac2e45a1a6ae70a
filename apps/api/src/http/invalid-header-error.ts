/** A header is not of the documented form. */
export class InvalidHeaderError extends Error {
  override readonly name = 'InvalidHeaderError';
  readonly code = 'HOLDFAST_INVALID_HEADER';

  constructor(
    readonly header: string,
    /** What is allowed. */
    readonly allowed: string,
  ) {
    super(`the header ${header} is not ${allowed}`);
  }
}
