/** Why the outcome of a COMMIT could not be found out. */
export type UnresolvedReason =
  /** No connection had been watching the server since before the transaction, and the transaction left no token. */
  | 'no-proof'
  /** The server, or the way to it, was not back in time. */
  | 'timeout';

/** What is known of a transaction whose outcome is not. */
export interface AmbiguousOutcomeFacts {
  readonly reason: UnresolvedReason;
  /** The transaction's id, as `pg_current_xact_id` gave it; after a crash it may belong to another transaction. */
  readonly transactionId: string | undefined;
  /** Process id of the server's backend that was told to commit. */
  readonly backendPid: number | undefined;
  /** When COMMIT was sent: milliseconds since 1970. */
  readonly sentAtMs: number;
}

/**
 * COMMIT was sent and its answer lost, and nothing proves what became of it: the work may have been applied, once, or not
 * at all. Never run it again blindly. Give the work a key by which it can be found (`wasApplied`), or the unit of work a
 * ledger, and this error becomes rare.
 */
export class AmbiguousOutcomeError extends Error {
  override readonly name = 'AmbiguousOutcomeError';
  readonly code = 'AMBIGUOUS_OUTCOME';
  readonly reason: UnresolvedReason;
  readonly transactionId: string | undefined;
  readonly backendPid: number | undefined;
  readonly sentAtMs: number;

  constructor(facts: AmbiguousOutcomeFacts, cause: unknown) {
    super(
      `The answer to COMMIT was lost, and whether the transaction was committed is not known (${facts.reason})`,
      { cause },
    );
    this.reason = facts.reason;
    this.transactionId = facts.transactionId;
    this.backendPid = facts.backendPid;
    this.sentAtMs = facts.sentAtMs;
  }
}
