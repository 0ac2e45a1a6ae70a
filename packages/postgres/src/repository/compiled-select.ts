import { quoteIdentifier, quoteTable } from '../bulk/identifier';
import type { FieldDescription } from '../statements/pg-internals';
import type { ReadRow, RowReader } from '../statements/row-reader';
import { compileHydrator } from './compile-hydrator';
import type { EntityShape } from './entity-shape';
import { PerAnswer } from './per-answer';

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
  /** `SELECT … FROM …` */
  readonly text: string;
  /** `RETURNING …` */
  readonly returning: string;
  readonly #readers: PerAnswer<ReadRow>;

  constructor(shape: EntityShape) {
    this.#readers = new PerAnswer(1, (answer) => compileHydrator(shape, answer));
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
    return this.#readers.get(columns);
  }
}
