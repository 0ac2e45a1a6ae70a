import type { DatabaseError } from 'pg';

/** What is known of rows that the server refused. */
export interface BulkWriteFacts {
  /** Positions in the input, from 1, of the rows that may be the one; at least one. */
  readonly candidates: readonly number[];
  /** The column as the database names it, when the server told it. */
  readonly column: string | undefined;
}

/**
 * The server refused a row of `insertMany` or `upsertMany`, and nothing of the call is written. `cause` is the server's
 * error, whose text and detail can hold values.
 */
export class BulkWriteError extends Error {
  override readonly name = 'BulkWriteError';
  readonly code = 'BULK_WRITE_REFUSED';
  /** Position of the row in the input, from 1, when it is known. */
  readonly row: number | undefined;
  /** The column as the database names it, when the server told it. */
  readonly column: string | undefined;
  /** Why, as the server says it. */
  readonly sqlState: string | undefined;
  /** The constraint that the row violates, if it is one that has a name. */
  readonly constraint: string | undefined;
  // Thousands of numbers, which nobody wants in a log.
  readonly #candidates: readonly number[];

  constructor(
    readonly entity: string,
    { candidates, column }: BulkWriteFacts,
    cause: DatabaseError,
  ) {
    const sorted = candidates.toSorted((a, b) => a - b);
    const place =
      sorted.length === 1
        ? `Row ${sorted[0]} for ${entity}`
        : `One of ${sorted.length} rows for ${entity}, which lie between row ${sorted[0]} and row ${sorted.at(-1)},`;
    const about = [
      cause.code,
      ...(column === undefined ? [] : [`column ${column}`]),
      ...(cause.constraint === undefined ? [] : [`constraint ${cause.constraint}`]),
    ];
    super(`${place} was refused by the server: ${about.join(', ')}`, { cause });
    this.row = sorted.length === 1 ? sorted[0] : undefined;
    this.column = column;
    this.sqlState = cause.code;
    this.constraint = cause.constraint;
    this.#candidates = sorted;
  }

  /** Positions in the input, ascending, of the rows that may be the one: `row` alone when it is known. */
  get candidates(): readonly number[] {
    return this.#candidates;
  }
}
