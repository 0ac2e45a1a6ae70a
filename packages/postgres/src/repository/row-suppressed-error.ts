/** A row was not inserted, and no error says why: a trigger has suppressed it, or a rule has led it elsewhere. */
export class RowSuppressedError extends Error {
  override readonly name = 'RowSuppressedError';
  readonly code = 'ROW_SUPPRESSED';

  constructor(readonly entity: string) {
    super(`A row of ${entity} was not inserted: a trigger or a rule of its table has suppressed it`);
  }
}
