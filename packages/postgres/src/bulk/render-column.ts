import { type KeptValue, renderKept } from './kept-value';
import { renderArray } from './text-value';
import { renderTimestamps } from './timestamp-text';

/** The array literal of one column of a batch. */
export function renderColumn(values: readonly KeptValue[]): string {
  if (values.every(isText)) return renderArray(values);
  return (values.every(isDate) ? renderTimestamps(values) : undefined) ?? renderArray(renderKept(values));
}

function isText(value: KeptValue): value is string | null {
  return typeof value !== 'number';
}

function isDate(value: KeptValue): value is number | null {
  return typeof value !== 'string';
}
