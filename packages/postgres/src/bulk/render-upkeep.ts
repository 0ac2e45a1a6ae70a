import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { quoteIdentifier } from './identifier';

/**
 * Renders what every update assigns besides: the version goes up by one, and the date of the last update is the time of the
 * transaction. Not what is assigned already.
 * @param target What the statement calls the row that is in the table.
 */
export function renderUpkeep(
  { versionColumn, updateDateColumn }: EntityMetadata,
  assigned: readonly ColumnMetadata[],
  target: string,
): string[] {
  return [versionColumn, updateDateColumn].flatMap((column) => {
    if (column === undefined || assigned.includes(column)) return [];
    const name = quoteIdentifier(column.databaseName);
    return `${name} = ${column.isVersion ? `${target}.${name} + 1` : 'CURRENT_TIMESTAMP'}`;
  });
}
