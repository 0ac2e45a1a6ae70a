/**
 * The transaction had failed before its COMMIT, and nothing of it was written. PostgreSQL answers such a COMMIT with a rollback and no error, so
 * that an error that was caught on the way would have looked like success. The `cause` is that error, where it is known.
 */
export class TransactionAbortedError extends Error {
  override readonly name = 'TransactionAbortedError';
  readonly code = 'TRANSACTION_ABORTED';

  constructor(cause: unknown) {
    super(
      'The transaction had failed before its COMMIT; nothing of it was written. Let errors inside a transaction end it, ' +
        'or run what may fail in a savepoint',
      cause === undefined ? undefined : { cause },
    );
  }
}
