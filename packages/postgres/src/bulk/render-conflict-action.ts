import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { quoteIdentifier } from './identifier';
import { renderUpkeep } from './render-upkeep';

/** What a row meets that has its key. */
interface ConflictTerms {
  readonly metadata: EntityMetadata;
  readonly conflict: readonly ColumnMetadata[];
  /** Default: those that the row gives, save the key and the conflict. */
  readonly update?: readonly ColumnMetadata[] | undefined;
  readonly whenUnchanged?: 'write' | 'skip';
  /** What the statement calls the row that is in the table. */
  readonly target: string;
}

/** Renders what follows ON CONFLICT, for a row that gives these columns. */
export function renderConflictAction(
  { metadata, conflict, update, whenUnchanged = 'write', target }: ConflictTerms,
  columns: readonly ColumnMetadata[],
): string {
  const taken = update ?? columns.filter((column) => isTakenByDefault(column) && !conflict.includes(column));
  if (taken.length === 0) return 'DO NOTHING';
  const names = taken.map(({ databaseName }) => quoteIdentifier(databaseName));
  const assignments = [
    ...names.map((name) => `${name} = excluded.${name}`),
    ...renderUpkeep(metadata, taken, target),
  ];
  // Without the cast the operator would be looked up for each pair of columns.
  const list = (row: string) => `ROW(${names.map((name) => `${row}.${name}`).join(', ')})::record`;
  // Compares images, because json, xml and point have no equality and citext has one that hides a change of case.
  // It leans towards writing: 1.0 and 1.00 differ.
  const where = whenUnchanged === 'skip' ? ` WHERE ${list(target)} *<> ${list('excluded')}` : '';
  return `DO UPDATE SET ${assignments.join(', ')}${where}`;
}

/** A key is what other rows refer to; it is taken over only when `update` says so. */
function isTakenByDefault(column: ColumnMetadata): boolean {
  return column.isUpdate && !column.isPrimary && !column.isVersion && !column.isDiscriminator;
}
