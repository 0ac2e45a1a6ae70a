/**
 * The work of a unit of work ended its transaction itself, in a way that was seen only when it had happened, as by
 * `UPDATE …; COMMIT` in one text. What it had done until then may be applied; it is never run again.
 */
export class TransactionEndedError extends Error {
  override readonly name = 'TransactionEndedError';
  readonly code = 'TRANSACTION_ENDED';

  constructor(
    /** What the work failed with, if it did. Not the `cause`: nothing may be concluded from it about the outcome. */
    readonly workError: unknown,
  ) {
    super(
      'The work ended its transaction itself, and part of it may be applied: leave COMMIT to the unit of work',
    );
  }
}
