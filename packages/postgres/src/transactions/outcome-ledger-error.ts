/** The token of a transaction could not be left in its ledger, and so the transaction was not committed. */
export class OutcomeLedgerError extends Error {
  override readonly name = 'OutcomeLedgerError';
  readonly code = 'OUTCOME_LEDGER';

  constructor(
    /** The ledger's table, with its schema. */
    readonly table: string,
    cause: unknown,
  ) {
    super(
      `Nothing was committed, because ${table} did not take the transaction's token. Does the table exist, and may the role insert into it?`,
      { cause },
    );
  }
}
