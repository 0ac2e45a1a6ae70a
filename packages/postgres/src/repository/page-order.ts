import { InvalidOptionError } from '@holdfast/resilience';
import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { OrderTerm } from './render-order';

/**
 * Between two pages stands one place of an order only where no two rows share it.
 * @throws InvalidOptionError unless the columns of a unique key are among those of the order, whose columns are never null.
 */
export function requireUniqueOrder(metadata: EntityMetadata, order: readonly OrderTerm[]): void {
  const columns = new Set(order.map(({ column }) => column.databaseName));
  const keys = listUniqueKeys(metadata);
  if (keys.some((key) => key.every(({ databaseName }) => columns.has(databaseName)))) return;
  const names = keys.map((key) => key.map(({ propertyPath }) => propertyPath).join(' and '));
  const given = order.map(({ column }) => column.propertyPath).join(', ');
  throw new InvalidOptionError(
    'order',
    given,
    `an order that tells all rows apart, by ${names.join(', or ')}`,
  );
}

/** The primary key first. What holds for some rows only, or at the end of a transaction only, tells nothing apart. */
function listUniqueKeys({ primaryColumns, uniques, indices }: EntityMetadata): ColumnMetadata[][] {
  const keys = [
    primaryColumns,
    ...uniques.filter(({ deferrable }) => deferrable === undefined).map(({ columns }) => columns),
    ...indices.filter(({ isUnique, where }) => isUnique && where === undefined).map(({ columns }) => columns),
  ];
  return keys.filter((key) => key.length > 0 && key.every(({ isNullable }) => !isNullable));
}

/**
 * Where the columns of the order stand in the answer.
 * @throws InvalidOptionError for one that is not selected.
 */
export function placeOrder(order: readonly OrderTerm[], selected: readonly ColumnMetadata[]): number[] {
  const missing = order.filter(({ column }) => !selected.includes(column));
  if (missing.length > 0) {
    const names = missing.map(({ column }) => column.propertyPath).join(', ');
    throw new InvalidOptionError('order', names, 'by properties that are selected');
  }
  return order.map(({ column }) => selected.indexOf(column));
}
