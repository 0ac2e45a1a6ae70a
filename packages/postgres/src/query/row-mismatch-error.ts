/** What is wrong with a row. */
export interface RowIssue {
  /** Where, as in `lines.0.price`; `*` in the place of keys that are data, empty for the row itself. */
  readonly path: string;
  /** Of zod, its code and the type that it expects; undefined of other libraries. */
  readonly reason: string | undefined;
}

/** How many issues the message names. */
const NAMED = 5;

/** A row of an answer is not what its schema says. What was sent has been done all the same. */
export class RowMismatchError extends Error {
  override readonly name = 'RowMismatchError';
  readonly code = 'ROW_MISMATCH';

  constructor(
    /** Its number in the answer, from 1 on. */
    readonly row: number,
    readonly issues: readonly RowIssue[],
    options?: ErrorOptions,
  ) {
    const named = issues.slice(0, NAMED).map(renderIssue);
    const more = issues.length > NAMED ? `, and ${issues.length - NAMED} more` : '';
    super(`Row ${row} of the answer is not what its schema says: ${named.join(', ')}${more}`, options);
  }
}

function renderIssue({ path, reason }: RowIssue): string {
  const place = path === '' ? 'the row itself' : path;
  return reason === undefined ? place : `${place} (${reason})`;
}
