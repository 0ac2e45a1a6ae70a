import { quoteIdentifier, quoteTable } from '../bulk/identifier';
import type { FieldDescription } from '../statements/pg-internals';
import type { ReadRow, RowReader } from '../statements/row-reader';
import { compileHydrator } from './compile-hydrator';
import type { EntityShape } from './entity-shape';

/** What the table is called in statements. */
export const ALIAS = '"t"';

/** What follows a selection. Each is empty where there is none. */
export interface SelectParts {
  /** Conditions on the entity itself, joined by AND. */
  readonly where: string;
  readonly order: string;
  /** Such as `LIMIT 5`. */
  readonly range: string;
}

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

  render({ where, order, range }: SelectParts): string {
    let { text } = this;
    if (where !== '') text += ` WHERE ${where}`;
    if (order !== '') text += ` ORDER BY ${order}`;
    if (range !== '') text += ` ${range}`;
    return text;
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
