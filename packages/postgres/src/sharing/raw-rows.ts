import { interpretRecord, placeColumns } from '../repository/compile-record';
import type { FieldDescription } from '../statements/pg-internals';
import type { RowReader } from '../statements/row-reader';

/** A row as the server sent it. */
export interface RawRow {
  readonly columns: readonly FieldDescription[];
  readonly fields: readonly (string | null)[];
}

/** Leaves rows as they come: what a parser throws must not hide what became of the statement. */
export const RAW_ROWS: RowReader = Object.freeze({
  open: (columns: readonly FieldDescription[]) => (fields: readonly (string | null)[]) => ({
    columns,
    fields,
  }),
});

/** Rows as node-postgres makes them. @throws what a parser of the program throws. */
export function parseRows<Row>(rows: readonly RawRow[]): Row[] {
  const [first] = rows;
  if (first === undefined) return [];
  const readRecord = interpretRecord(placeColumns(first.columns));
  return rows.map(({ fields }) => readRecord(fields) as Row);
}
