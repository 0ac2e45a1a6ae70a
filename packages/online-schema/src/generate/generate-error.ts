export type GenerateErrorCode =
  | 'HOLDFAST_INDEX_REFUSED'
  | 'HOLDFAST_MIGRATIONS_PENDING'
  | 'HOLDFAST_MIGRATION_NAME';

/** A change that cannot be written as a migration as it stands; the message says what to do instead. */
export class GenerateError extends Error {
  override readonly name = 'GenerateError';

  constructor(
    readonly code: GenerateErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
