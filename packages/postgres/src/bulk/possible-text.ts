import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { INTEGER } from './canonical-key';

/** As `uuid_in` of PostgreSQL reads it: a hyphen may follow every four digits, and braces may surround them all. */
const UUID = /^(?:(?:[\da-f]{4}-?){7}[\da-f]{4}|\{(?:[\da-f]{4}-?){7}[\da-f]{4}\})$/i;

/** Integers of this magnitude fit, and the negative one beyond it. */
const MAXIMA: Readonly<Record<string, bigint>> = {
  smallint: 2n ** 15n - 1n,
  integer: 2n ** 31n - 1n,
  bigint: 2n ** 63n - 1n,
};

/**
 * Whether a column could hold what this text says. It leans towards yes: only uuid and integer columns tell, and of the
 * ways to write an integer those in other bases or with underscores, which are not compared by value, are none here.
 */
export function isPossible(column: ColumnMetadata, text: string): boolean {
  if (column.isArray) return true;
  const type = column.entityMetadata.dataSource.driver.normalizeType(column);
  if (type === 'uuid') return UUID.test(text);
  const max = MAXIMA[type];
  if (max === undefined) return true;
  if (!INTEGER.test(text)) return false;
  const value = BigInt(text);
  return value <= max && value >= -max - 1n;
}
