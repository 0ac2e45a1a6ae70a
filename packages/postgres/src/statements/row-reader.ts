import type { FieldDescription } from './pg-internals';

/** Makes a row of what the server sent. */
export type ReadRow = (fields: readonly (string | null)[]) => unknown;

/** Reads the rows of one statement in a way of its own. */
export interface RowReader {
  /**
   * Returns what reads rows of these columns.
   * @throws if they are not those that it knows how to read.
   */
  open(columns: readonly FieldDescription[]): ReadRow;
}
