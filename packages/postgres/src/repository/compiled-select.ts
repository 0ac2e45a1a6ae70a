import { quoteIdentifier, quoteTable } from '../bulk/identifier';
import type { FieldDescription } from '../statements/pg-internals';
import type { ReadRow, RowReader } from '../statements/row-reader';
import { compileHydrator } from './compile-hydrator';
import type { EntityShape } from './entity-shape';

/** What the table is called in statements. */
export const ALIAS = '"t"';

/** A selection of an entity: how it is asked for, and how its rows are read. */
export class CompiledSelect implements RowReader {
  readonly shape: EntityShape;
  /** `SELECT … FROM …` */
  readonly text: string;
  /** `RETURNING …` */
  readonly returning: string;
  /** Each description is one object for as long as its statement is prepared. */
  readonly #opened = new WeakMap<readonly FieldDescription[], ReadRow>();
  /** Types are the same on all connections, until the table is changed. */
  #hydrator: { readonly types: string; readonly readRow: ReadRow } | undefined;

  constructor(shape: EntityShape) {
    this.shape = shape;
    const columns = shape.columns
      .map(({ databaseName }) => `${ALIAS}.${quoteIdentifier(databaseName)}`)
      .join(', ');
    this.returning = `RETURNING ${columns}`;
    this.text = `SELECT ${columns} FROM ${quoteTable(shape.metadata)} ${ALIAS}`;
  }

  /** The columns are those of the text: what may differ is their types. */
  open(columns: readonly FieldDescription[]): ReadRow {
    const opened = this.#opened.get(columns);
    if (opened !== undefined) return opened;
    const types = columns.map(({ dataTypeID }) => dataTypeID).join();
    if (this.#hydrator?.types !== types) {
      this.#hydrator = { types, readRow: compileHydrator(this.shape, columns) };
    }
    const { readRow } = this.#hydrator;
    this.#opened.set(columns, readRow);
    return readRow;
  }
}
