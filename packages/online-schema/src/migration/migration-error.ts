export type MigrationErrorCode =
  | 'HOLDFAST_INSIDE_TRANSACTION'
  | 'HOLDFAST_INDEX_BUILD_FAILED'
  | 'HOLDFAST_INDEX_NAME_TAKEN'
  | 'HOLDFAST_INDEX_OF_CONSTRAINT'
  | 'HOLDFAST_INDEX_ON_PARTITIONED_TABLE'
  | 'HOLDFAST_TEMP_PRIVILEGE_MISSING'
  | 'HOLDFAST_EXTENSION_MISSING';

/** A migration step that was refused or failed; nothing it started is left behind. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';

  constructor(
    readonly code: MigrationErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
