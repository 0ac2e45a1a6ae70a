import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { quoteIdentifier, quoteTable } from '../bulk/identifier';
import type { FieldDescription } from '../statements/pg-internals';
import type { ReadRow, RowReader } from '../statements/row-reader';
import { compileHydrator } from './compile-hydrator';
import type { EntityShape } from './entity-shape';
import { PerAnswer } from './per-answer';
import { ALIAS, renderSource, renderTail, type SelectParts } from './select-parts';

/** A selection of an entity: how it is asked for, and how its rows are read. */
export class CompiledSelect implements RowReader {
  /** `SELECT … FROM …` */
  readonly text: string;
  /** `RETURNING …` */
  readonly returning: string;
  /** As they come in the answer. */
  readonly columns: readonly ColumnMetadata[];
  readonly #table: string;
  /** The columns, as the statement names them. */
  readonly #list: string;
  readonly #readers: PerAnswer<ReadRow>;

  constructor(shape: EntityShape) {
    this.columns = shape.columns;
    this.#readers = new PerAnswer(1, (answer) => compileHydrator(shape, answer));
    const columns = shape.columns
      .map(({ databaseName }) => `${ALIAS}.${quoteIdentifier(databaseName)}`)
      .join(', ');
    this.returning = `RETURNING ${columns}`;
    this.#table = quoteTable(shape.metadata);
    this.#list = columns;
    this.text = `SELECT ${columns} FROM ${this.#table} ${ALIAS}`;
  }

  render(parts: SelectParts): string {
    const { source, ...rest } = renderSource({ table: this.#table, columns: this.#list }, parts);
    return `SELECT ${this.#list} FROM ${source}${renderTail(rest)}`;
  }

  /** The columns are those of the text: what may differ is their types. */
  open(columns: readonly FieldDescription[]): ReadRow {
    return this.#readers.get(columns);
  }
}
