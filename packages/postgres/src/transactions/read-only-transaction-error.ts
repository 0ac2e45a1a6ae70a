/** The work of a read-only unit of work tried to write. Nothing was written, and no attempt can end otherwise. */
export class ReadOnlyTransactionError extends Error {
  override readonly name = 'ReadOnlyTransactionError';
  readonly code = 'READ_ONLY_TRANSACTION';

  constructor() {
    super('The work writes, and was run with readOnly: true');
  }
}
