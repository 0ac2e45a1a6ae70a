/** An index that the ledger was asked about is not there. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';

  constructor(
    readonly code: 'HOLDFAST_INDEX_UNKNOWN',
    /** As it was asked for. */
    readonly index: string,
  ) {
    super(`there is no index ${index}; one that is not on the search path needs its schema: schema.name`);
  }
}
