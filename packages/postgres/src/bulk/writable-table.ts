import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { BulkRowError } from './bulk-error';
import { createCellReader, type ReadCell } from './cell-reader';
import { type CellText, findTextRenderer, UnwritableValueError } from './column-text';
import { describeKind } from './describe-kind';
import { createKeeper, type KeptValue } from './kept-value';
import { createForeignPropertyFinder, type FindForeignProperty } from './known-properties';

/** What the bulk statements know of an entity's table. Texts of a row are in the order of `columns`. */
export interface WritableTable {
  readonly metadata: EntityMetadata;
  readonly columns: readonly ColumnMetadata[];
  /** @throws BulkRowError for a row that cannot be written as it is. */
  readRow(row: object, rowNumber: number): CellText[];
  /** The same, for those who send it later. */
  keepRow(row: object, rowNumber: number): (KeptValue | undefined)[];
  /** One value of a row. @throws BulkRowError */
  readCell(column: ColumnMetadata, row: object, rowNumber: number): CellText;
  /** The same, for those who have another error. @throws what reads or renders it. */
  readText(column: ColumnMetadata, row: object): CellText;
  /** @throws BulkRowError for what is no row, or has a property that would be dropped silently. */
  requireKnown(row: object, rowNumber: number): void;
}

/** An entity's metadata lives as long as its DataSource. */
const TABLES = new WeakMap<EntityMetadata, WritableTable>();

/** Returns the table of an entity, made once. */
export function readWritableTable(metadata: EntityMetadata): WritableTable {
  const existing = TABLES.get(metadata);
  if (existing) return existing;
  const table = new CompiledTable(metadata);
  TABLES.set(metadata, table);
  return table;
}

class CompiledTable implements WritableTable {
  readonly metadata: EntityMetadata;
  readonly columns: readonly ColumnMetadata[];
  /** In the order of the columns. */
  readonly #readers: readonly ReadCell<CellText>[];
  /** In the order of the columns. */
  readonly #keepers: readonly ReadCell<KeptValue | undefined>[];
  readonly #readerOf: ReadonlyMap<ColumnMetadata, ReadCell<CellText>>;
  readonly #findForeign: FindForeignProperty;

  constructor(metadata: EntityMetadata) {
    this.metadata = metadata;
    this.columns = metadata.columns.filter((column) => column.isInsert);
    const read = (column: ColumnMetadata) => createTextReader(metadata, column);
    this.#readerOf = new Map(metadata.columns.map((column) => [column, read(column)]));
    this.#readers = this.columns.map((column) => this.#readerOf.get(column) ?? read(column));
    this.#keepers = this.columns.map((column) => createCellReader(metadata, column, createKeeper(column)));
    this.#findForeign = createForeignPropertyFinder(metadata);
  }

  requireKnown(row: object, rowNumber: number): void {
    requireRow(this.metadata, row, rowNumber);
    const foreign = this.#findForeign(row);
    if (foreign) throw new BulkRowError(this.metadata.name, rowNumber, foreign.path, foreign.reason);
  }

  readRow(row: object, rowNumber: number): CellText[] {
    return this.#readCells(this.#readers, row, rowNumber);
  }

  keepRow(row: object, rowNumber: number): (KeptValue | undefined)[] {
    return this.#readCells(this.#keepers, row, rowNumber);
  }

  #readCells<Cell>(readers: readonly ReadCell<Cell>[], row: object, rowNumber: number): (Cell | string)[] {
    this.requireKnown(row, rowNumber);
    const cells: (Cell | string)[] = [];
    try {
      for (const readCell of readers) cells.push(readCell(row));
    } catch (error) {
      throw this.#refuse(this.columns[cells.length], rowNumber, error);
    }
    return cells;
  }

  readCell(column: ColumnMetadata, row: object, rowNumber: number): CellText {
    try {
      return this.readText(column, row);
    } catch (error) {
      throw this.#refuse(column, rowNumber, error);
    }
  }

  readText(column: ColumnMetadata, row: object): CellText {
    const readCell = this.#readerOf.get(column) ?? createTextReader(this.metadata, column);
    return readCell(row);
  }

  #refuse(column: ColumnMetadata | undefined, rowNumber: number, error: unknown): BulkRowError {
    const path = column?.propertyPath ?? '*';
    return error instanceof UnwritableValueError
      ? new BulkRowError(this.metadata.name, rowNumber, path, error.reason)
      : new BulkRowError(this.metadata.name, rowNumber, path, 'unreadable', { cause: error });
  }
}

function createTextReader(metadata: EntityMetadata, column: ColumnMetadata): ReadCell<CellText> {
  return createCellReader(metadata, column, findTextRenderer(column));
}

/**
 * Refuses what is no row. A promise is one of a source that was not waited for: it has no properties, and would be
 * written as a row of defaults.
 * @throws BulkRowError
 */
export function requireRow(metadata: EntityMetadata, row: unknown, rowNumber: number): void {
  if (typeof row === 'object' && row !== null && !Array.isArray(row) && !(row instanceof Promise)) return;
  throw new BulkRowError(metadata.name, rowNumber, '*', 'not-a-row', { given: describeKind(row) });
}
