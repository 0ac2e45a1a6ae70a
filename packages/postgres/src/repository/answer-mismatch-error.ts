/** The columns of an answer are not those of what its rows are to become. */
export class AnswerMismatchError extends Error {
  override readonly name = 'AnswerMismatchError';
  readonly code = 'ANSWER_MISMATCH';

  constructor(
    /** The entity, or `the schema`. */
    readonly entity: string,
    /** Its columns that the answer has not. */
    readonly missing: readonly string[],
    /** Columns that the answer has more than once, or that are none of these. */
    readonly surplus: readonly string[],
  ) {
    const faults = [
      missing.length > 0 && `it has no ${missing.join(', ')}`,
      surplus.length > 0 && `it has ${surplus.join(', ')}, which ${entity} has not, or twice`,
    ].filter((fault) => fault !== false);
    super(`The answer does not have the columns of ${entity}: ${faults.join('; ')}`);
  }
}
