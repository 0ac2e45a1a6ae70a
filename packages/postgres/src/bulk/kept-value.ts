import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { findTextRenderer, isDateColumn } from './column-text';
import { renderTimestamp } from './timestamp-text';

/**
 * What is kept of a value until it can be sent: its text, or the milliseconds of a date, whose text takes longer to make than the row
 * takes to read; null for NULL. What the caller makes of the value afterwards changes neither.
 */
export type KeptValue = string | number | null;

/** What is kept of a value; undefined where the column is left to its default. @throws as `RenderText` does. */
export type KeepValue = (given: unknown) => KeptValue | undefined;

/** What keeps the values of a column. */
export function createKeeper(column: ColumnMetadata): KeepValue {
  const render = findTextRenderer(column);
  if (!isDateColumn(column)) return render;
  return (given) => (isPlainDate(given) ? given.getTime() : render(given));
}

/** A class of dates may know a time zone of its own. */
function isPlainDate(value: unknown): value is Date {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Date.prototype;
}

/** The texts of values that were kept. */
export function renderKept(values: readonly KeptValue[]): readonly (string | null)[] {
  return values.map((value) => (typeof value === 'number' ? renderTimestamp(new Date(value)) : value));
}
