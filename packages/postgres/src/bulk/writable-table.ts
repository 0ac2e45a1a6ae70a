import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { BulkRowError } from './bulk-error';
import { type CellText, readCellText, UnwritableValueError } from './column-text';
import { describeKind } from './describe-kind';
import { findForeignProperty, readKnownProperties } from './known-properties';

/** What the bulk statements know of an entity's table. Texts of a row are in the order of `columns`. */
export interface WritableTable {
  readonly metadata: EntityMetadata;
  readonly columns: readonly ColumnMetadata[];
  /** @throws BulkRowError for a row that cannot be written as it is. */
  readRow(row: object, rowNumber: number): CellText[];
  /** @throws BulkRowError for what is no row, or has a property that would be dropped silently. */
  requireKnown(row: object, rowNumber: number): void;
}

/** An entity's metadata lives as long as its DataSource. */
const TABLES = new WeakMap<EntityMetadata, WritableTable>();

/** Returns the table of an entity, made once. */
export function readWritableTable(metadata: EntityMetadata): WritableTable {
  const existing = TABLES.get(metadata);
  if (existing) return existing;
  const known = readKnownProperties(metadata);
  const columns = metadata.columns.filter((column) => column.isInsert);
  const requireKnown = (row: object, rowNumber: number): void => {
    requireRow(metadata, row, rowNumber);
    const foreign = findForeignProperty(known, row);
    if (foreign) throw new BulkRowError(metadata.name, rowNumber, foreign.path, foreign.reason);
  };
  const table: WritableTable = {
    metadata,
    columns,
    requireKnown,
    readRow(row, rowNumber) {
      requireKnown(row, rowNumber);
      return columns.map((column) => readCell(metadata, column, row, rowNumber));
    },
  };
  TABLES.set(metadata, table);
  return table;
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

/** One value of a row. @throws BulkRowError */
export function readCell(
  metadata: EntityMetadata,
  column: ColumnMetadata,
  row: object,
  rowNumber: number,
): CellText {
  try {
    return readCellText(metadata, column, row);
  } catch (error) {
    if (error instanceof UnwritableValueError) {
      throw new BulkRowError(metadata.name, rowNumber, column.propertyPath, error.reason);
    }
    throw new BulkRowError(metadata.name, rowNumber, column.propertyPath, 'unreadable', { cause: error });
  }
}
