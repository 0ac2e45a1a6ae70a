/** The server did not come to a statement, because one in front of it, under the same Sync, has failed: the `cause`. */
export class StatementSkippedError extends Error {
  override readonly name = 'StatementSkippedError';
  readonly code = 'STATEMENT_SKIPPED';

  constructor(cause: unknown) {
    super('A statement in front of this one has failed', { cause });
  }
}
