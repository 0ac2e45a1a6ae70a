import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { BulkRowError } from './bulk-error';
import { readColumnType } from './column-type';
import { quoteIdentifier, quoteTable } from './identifier';
import { renderCopyField } from './text-value';
import type { WritableTable } from './writable-table';

/** The columns of one COPY, fixed by its statement, and how a row becomes a line. */
export class CopyFormat {
  readonly statement: string;
  readonly #table: WritableTable;
  /** Per column of the table: whether it is copied. */
  readonly #isCopied: readonly boolean[];

  /** @throws BulkRowError, BulkColumnTypeError */
  constructor(table: WritableTable, named: readonly ColumnMetadata[] | undefined, firstRow: object) {
    const { metadata, columns } = table;
    const cells = table.readRow(firstRow, 1);
    // Versions and discriminators are written whether a row gives them or not.
    const isConstant = (column: ColumnMetadata) => column.isVersion || column.isDiscriminator;
    const isCopied = columns.map((column, index) =>
      named ? named.includes(column) || isConstant(column) : cells[index] !== undefined,
    );
    const copied = columns.filter((_, index) => isCopied[index]);
    if (copied.length === 0) throw new BulkRowError(metadata.name, 1, '*', 'empty');
    for (const column of copied) readColumnType(column);
    const names = copied.map(({ databaseName }) => quoteIdentifier(databaseName));
    this.statement = `COPY ${quoteTable(metadata)} (${names.join(', ')}) FROM STDIN`;
    this.#table = table;
    this.#isCopied = isCopied;
  }

  /** One line of COPY's text format. @throws BulkRowError */
  renderRow(row: object, number: number): string {
    const cells = this.#table.readRow(row, number);
    let line = '';
    let separator = '';
    for (let index = 0; index < cells.length; index += 1) {
      const cell = cells[index];
      if (this.#isCopied[index]) {
        if (cell === undefined) throw this.#refuse(index, number, 'missing-column');
        line += separator + renderCopyField(cell);
        separator = '\t';
      } else if (cell !== undefined) {
        throw this.#refuse(index, number, 'extra-column');
      }
    }
    return `${line}\n`;
  }

  #refuse(index: number, number: number, reason: 'missing-column' | 'extra-column'): BulkRowError {
    const { metadata, columns } = this.#table;
    return new BulkRowError(metadata.name, number, columns[index]?.propertyPath ?? '', reason);
  }
}
