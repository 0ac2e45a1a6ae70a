/** The columns of an answer are not those of the entity that its rows are to become. */
export class AnswerMismatchError extends Error {
  override readonly name = 'AnswerMismatchError';
  readonly code = 'ANSWER_MISMATCH';

  constructor(
    readonly entity: string,
    /** Columns of the entity that the answer has not. */
    readonly missing: readonly string[],
    /** Columns that the answer has more than once, or that the entity has not. */
    readonly surplus: readonly string[],
  ) {
    const faults = [
      missing.length > 0 && `it has no ${missing.join(', ')}`,
      surplus.length > 0 && `it has ${surplus.join(', ')}, which the entity has not, or twice`,
    ].filter((fault) => fault !== false);
    super(`The answer does not have the columns of ${entity}: ${faults.join('; ')}`);
  }
}
