export type MigrationErrorCode =
  | 'HOLDFAST_INSIDE_TRANSACTION'
  | 'HOLDFAST_INDEX_BUILD_FAILED'
  | 'HOLDFAST_INDEX_DUPLICATES'
  | 'HOLDFAST_LOCK_NOT_HAD'
  | 'HOLDFAST_SESSION_LOST'
  | 'HOLDFAST_SESSION_SHARED'
  | 'HOLDFAST_READ_ONLY'
  | 'HOLDFAST_TRANSACTION_LEFT_OPEN'
  | 'HOLDFAST_INDEX_NAME_TAKEN'
  | 'HOLDFAST_INDEX_NAME_TOO_LONG'
  | 'HOLDFAST_INDEX_IN_USE'
  | 'HOLDFAST_INDEX_OF_CONSTRAINT'
  | 'HOLDFAST_INDEX_ON_PARTITIONED_TABLE'
  | 'HOLDFAST_INDEX_ATTACHED'
  | 'HOLDFAST_TEMP_PRIVILEGE_MISSING'
  | 'HOLDFAST_EXTENSION_MISSING'
  | 'HOLDFAST_TABLE_MISSING'
  | 'HOLDFAST_COLUMN_MISSING'
  | 'HOLDFAST_TYPE_MISSING'
  | 'HOLDFAST_PRIMARY_KEY_MISSING'
  | 'HOLDFAST_CONSTRAINT_VIOLATED'
  | 'HOLDFAST_CONSTRAINT_NAME_TAKEN'
  | 'HOLDFAST_TYPE_IN_USE'
  | 'HOLDFAST_RECIPE_REFUSED'
  | 'HOLDFAST_REWRITE_TOO_LARGE';

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
