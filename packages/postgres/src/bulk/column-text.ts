import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { BulkRowRefusal } from './bulk-error';
import { renderValue } from './text-value';

/** The text of a value; null for NULL; undefined where the column is left to its default. */
export type CellText = string | null | undefined;

/** A value that cannot be written; whoever knows the row gives the error its number. */
export class UnwritableValueError extends Error {
  override readonly name = 'UnwritableValueError';

  constructor(readonly reason: BulkRowRefusal) {
    super(reason);
  }
}

/**
 * The text of what repository.insert would write into a column: constants, embedded objects and join columns included.
 * The entity is asked for apart from the column, because the entities of one table share its columns.
 */
export function readCellText(metadata: EntityMetadata, column: ColumnMetadata, row: object): CellText {
  const given: unknown = column.isDiscriminator ? metadata.discriminatorValue : column.getEntityValue(row);
  const text = renderColumnText(column, given);
  // The first version of a row is TypeORM's own business; its column has no default.
  return text === undefined && column.isVersion ? '1' : text;
}

/** The text of one value of a column, after its transformer. */
export function renderColumnText(column: ColumnMetadata, given: unknown): CellText {
  if (typeof given === 'function') throw new UnwritableValueError('expression');
  const value = isUntouched(column)
    ? given
    : column.entityMetadata.dataSource.driver.preparePersistentValue(given, column);
  if (value === undefined || value === null) return value;
  const text = renderValue(value);
  if (text === null) return text;
  if (typeof text !== 'string') return renderBytes(column, text);
  if (text.includes('\0')) throw new UnwritableValueError('nul-character');
  return text;
}

/**
 * Types whose values TypeORM's driver passes through. Asking it anyway costs more than everything else that is done to a
 * value here, because it goes through all its types for each.
 */
const UNTOUCHED: ReadonlySet<unknown> = new Set([
  ...[Number, String, 'integer', 'int', 'int2', 'int4', 'int8', 'smallint', 'bigint', 'numeric', 'decimal'],
  ...[
    'real',
    'float',
    'float4',
    'float8',
    'double precision',
    'text',
    'varchar',
    'character varying',
    'citext',
  ],
  ...['boolean', 'bool', 'uuid', 'bytea'],
]);

function isUntouched({ transformer, type }: ColumnMetadata): boolean {
  return transformer === undefined && UNTOUCHED.has(type);
}

function renderBytes(column: ColumnMetadata, bytes: Buffer): string {
  if (column.type !== 'bytea' || column.isArray) throw new UnwritableValueError('bytes');
  return `\\x${bytes.toString('hex')}`;
}
