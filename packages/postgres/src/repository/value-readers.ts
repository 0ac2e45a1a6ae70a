import pg from 'pg';
import parseDate from 'postgres-date';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { readTimestamp, readTimestamptz } from './read-timestamp';

/** Makes the value of a property of what the server sent. */
type ReadValue = (text: string) => unknown;

/** How the values of one column are read. */
export interface ValueReader {
  /** Undefined where the text is the value. */
  readonly read: ReadValue | undefined;
  /** The value of NULL. */
  readonly ofNull: (() => unknown) | undefined;
}

/** Types whose values TypeORM leaves as node-postgres parses them. All others are read by TypeORM itself. */
const AS_PARSED: ReadonlySet<unknown> = new Set([
  ...['uuid', 'text', 'varchar', 'character varying', 'char', 'character', 'citext', 'bytea', 'inet', 'cidr'],
  ...['smallint', 'int2', 'integer', 'int', 'int4', 'bigint', 'int8', 'numeric', 'decimal', 'money'],
  ...[
    'real',
    'float4',
    'float8',
    'double precision',
    'boolean',
    'bool',
    'json',
    'jsonb',
    'interval',
    'xid8',
    String,
  ],
]);

/** Types of which TypeORM makes dates where the parser has made texts. */
const TIMESTAMPS: ReadonlySet<unknown> = new Set([
  'timestamptz',
  'timestamp with time zone',
  'timestamp',
  'timestamp without time zone',
]);

/** No type has this OID. */
const NO_TYPE = 0;
/** What types have as their parser that node-postgres does not know. */
const UNPARSED = readParser(NO_TYPE);

const FAST_PARSERS: ReadonlyMap<number, ReadValue> = new Map([
  [pg.types.builtins.TIMESTAMPTZ, readTimestamptz],
  [pg.types.builtins.TIMESTAMP, readTimestamp],
]);

/**
 * Reads values of a column as TypeORM does: parsed by their type, then by the entity's column, then by its transformers.
 * @param typeId OID of the type that the server sends.
 */
export function createValueReader(column: ColumnMetadata, typeId: number): ValueReader {
  const parse = findParser(typeId);
  const { driver } = column.entityMetadata.dataSource;
  if (column.transformer !== undefined || !isLeftAsParsed(column, parse)) {
    const read = (text: string): unknown =>
      driver.prepareHydratedValue(parse === undefined ? text : parse(text), column);
    const ofNull =
      column.transformer === undefined ? undefined : () => driver.prepareHydratedValue(null, column);
    return { read, ofNull };
  }
  return { read: parse, ofNull: undefined };
}

function isLeftAsParsed(column: ColumnMetadata, parse: ReadValue | undefined): boolean {
  if (TIMESTAMPS.has(column.type)) return parse === readTimestamptz || parse === readTimestamp;
  return AS_PARSED.has(column.type) || isTextEnum(column);
}

/** TypeORM makes numbers of the values of an enum that has numbers. */
function isTextEnum({ type, isArray, enum: values }: ColumnMetadata): boolean {
  if (isArray || (type !== 'enum' && type !== 'simple-enum')) return false;
  return values?.every((value) => typeof value === 'string') ?? false;
}

/**
 * What makes a value of the text of a type; undefined where the text is the value. A parser that the program has set in the place of
 * node-postgres's own is the one that counts.
 */
export function findParser(typeId: number): ReadValue | undefined {
  const parser = readParser(typeId);
  if (parser === UNPARSED) return undefined;
  return parser === (parseDate as unknown) ? (FAST_PARSERS.get(typeId) ?? parser) : parser;
}

function readParser(typeId: number): ReadValue {
  return pg.types.getTypeParser(typeId as Parameters<typeof pg.types.getTypeParser>[0]);
}
