import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { BulkRowRefusal } from './bulk-error';
import { renderValue } from './text-value';
import { renderTimestamp } from './timestamp-text';

/** The text of a value; null for NULL; undefined where the column is left to its default. */
export type CellText = string | null | undefined;

/** A value that cannot be written; whoever knows the row gives the error its number. */
export class UnwritableValueError extends Error {
  override readonly name = 'UnwritableValueError';

  constructor(readonly reason: BulkRowRefusal) {
    super(reason);
  }
}

/** Makes the text of a value. @throws UnwritableValueError; what a transformer throws. */
export type RenderText = (given: unknown) => CellText;

/** A column's metadata lives as long as its DataSource. */
const RENDERERS = new WeakMap<ColumnMetadata, RenderText>();

/** What makes the text of what repository.insert would write into a column: made once, by the type of the column. */
export function findTextRenderer(column: ColumnMetadata): RenderText {
  const existing = RENDERERS.get(column);
  if (existing) return existing;
  const renderer = createTextRenderer(column);
  RENDERERS.set(column, renderer);
  return renderer;
}

/** Types whose values TypeORM's driver passes through. Asking it for each costs more than what else is done to a value. */
const PASSED_TYPES: readonly unknown[] = [
  ...[Number, String, 'integer', 'int', 'int2', 'int4', 'int8', 'smallint', 'bigint', 'numeric', 'decimal'],
  ...['real', 'float', 'float4', 'float8', 'double precision', 'boolean', 'bool', 'uuid', 'bytea'],
  ...['text', 'varchar', 'character varying', 'char', 'character', 'citext'],
];
const PASSED: ReadonlySet<unknown> = new Set(PASSED_TYPES);
/** Of their values it passes through texts and numbers. */
const SCALARS_PASSED: ReadonlySet<unknown> = new Set([
  ...PASSED_TYPES,
  ...['date', 'time', 'enum', 'simple-enum'],
]);
/** Of theirs, dates. */
const DATES_PASSED: ReadonlySet<unknown> = new Set([
  ...['timestamptz', 'timestamp with time zone', 'timestamp', 'timestamp without time zone'],
  ...['datetime', Date],
]);
const JSON_TYPES: ReadonlySet<unknown> = new Set(['json', 'jsonb']);

function createTextRenderer(column: ColumnMetadata): RenderText {
  const { type, transformer } = column;
  const render = (given: unknown): CellText => renderAny(column, given);
  if (transformer !== undefined) return render;
  if (SCALARS_PASSED.has(type)) return createScalarRenderer(render);
  if (isDateColumn(column)) {
    return (given) => (given instanceof Date ? renderTimestamp(given) : render(given));
  }
  if (JSON_TYPES.has(type)) {
    // NUL is an escape in it.
    return (given) => (typeof given === 'object' && given !== null ? JSON.stringify(given) : render(given));
  }
  return render;
}

/** Whether a date is written into it as the moment that it is. */
export function isDateColumn({ type, transformer }: ColumnMetadata): boolean {
  return transformer === undefined && DATES_PASSED.has(type);
}

/** @param renderOther What a scalar is not. */
function createScalarRenderer(renderOther: RenderText): RenderText {
  return (given) => {
    switch (typeof given) {
      case 'string':
        return requireSendable(given);
      case 'number':
      case 'bigint':
      case 'boolean':
        return String(given);
      case 'undefined':
        return undefined;
      default:
        return renderOther(given);
    }
  };
}

/** Whatever it is: after its transformer, by the rules of TypeORM's driver and of node-postgres. */
function renderAny(column: ColumnMetadata, given: unknown): CellText {
  if (typeof given === 'function') throw new UnwritableValueError('expression');
  const isPassed = column.transformer === undefined && PASSED.has(column.type);
  const value = isPassed
    ? given
    : column.entityMetadata.dataSource.driver.preparePersistentValue(given, column);
  if (value === undefined || value === null) return value;
  const text = renderValue(value);
  if (text === null) return text;
  return typeof text === 'string' ? requireSendable(text) : renderBytes(column, text);
}

function requireSendable(text: string): string {
  if (text.includes('\0')) throw new UnwritableValueError('nul-character');
  return text;
}

function renderBytes(column: ColumnMetadata, bytes: Buffer): string {
  if (column.type !== 'bytea' || column.isArray) throw new UnwritableValueError('bytes');
  return `\\x${bytes.toString('hex')}`;
}
