import type { FieldDescription } from './pg-internals';

/** Makes something of a row that the server sent; undefined where it belongs to an earlier one. */
export type ReadRow = (fields: readonly (string | null)[]) => unknown;

/** Reads the rows of one statement in a way of its own. */
export interface RowReader {
  /**
   * Returns what reads rows of these columns, for one execution.
   * @throws if they are not those that it knows how to read.
   */
  open(columns: readonly FieldDescription[]): ReadRow;
}
