import type { DatabaseError } from 'pg';
import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { BulkWriteFacts } from './bulk-write-error';
import { canonicalizePart, INTEGER } from './canonical-key';
import { quoteIdentifier } from './identifier';
import { renderKept } from './kept-value';
import type { Batch } from './plan-batches';

/** Places in a batch. */
interface Suspects {
  readonly column: ColumnMetadata | undefined;
  /** Empty when it can be any. */
  readonly rows: readonly number[];
}

/** What was sent of a batch. */
interface WrittenTexts extends Pick<Batch, 'columns'> {
  /** Per column, one a row. */
  readonly texts: readonly (readonly (string | null)[])[];
}

/**
 * Finds the rows of a batch that may be the one which the server refused, from what it said and what was sent: without
 * another statement, which a transaction that is aborted would not run. The server names no row, but it works through
 * them in their order, so that the first one with the fault is the one.
 *
 * Where it cannot be told, or the server speaks another language, that is all rows of the batch. A BEFORE trigger that
 * changes the very column is not seen.
 */
export function findRefusedRows(
  metadata: EntityMetadata,
  batch: Batch,
  refusal: DatabaseError,
  isUpsert: boolean,
): BulkWriteFacts {
  const { columns } = batch;
  const written = { columns, texts: batch.values.map(renderKept) };
  const { column, rows } = findSuspects(metadata, written, refusal, isUpsert);
  const named = rows.map((row) => batch.numbers[row]).filter((number) => number !== undefined);
  return { candidates: named.length > 0 ? named : batch.numbers, column: column?.databaseName };
}

function findSuspects(
  metadata: EntityMetadata,
  written: WrittenTexts,
  refusal: DatabaseError,
  isUpsert: boolean,
): Suspects {
  const parameter = PARAMETER.exec(refusal.where ?? '')?.[1];
  if (parameter !== undefined) return findUnreadable(written, Number(parameter) - 1, refusal);
  const { schema = refusal.schema, tableName } = metadata;
  const isElsewhere =
    refusal.where !== undefined ||
    (refusal.table !== undefined && (refusal.table !== tableName || refusal.schema !== schema));
  // A trigger, or another table that it writes into, knows other rows.
  if (isElsewhere) return NOTHING;
  switch (refusal.code) {
    case '22001':
      return findTooLong(written, refusal);
    case '23502':
      return findNull(metadata, written, refusal);
    case '23503':
    case '23505':
      // An upsert may leave the key of an existing row as it is, whatever the rows say.
      return isUpsert ? NOTHING : findKey(written, refusal);
    default:
      return NOTHING;
  }
}

const NOTHING: Suspects = { column: undefined, rows: [] };

/** The context of an error in reading a parameter, each of which is a column. Its value may follow. */
const PARAMETER = /^unnamed portal parameter \$(\d+)/m;

/** The codes whose messages quote the text of the value as it was sent, and where they do. Others quote a part of it. */
const QUOTING_CODES: ReadonlySet<string | undefined> = new Set(['22P02', '22003', '22007', '22008']);
const QUOTED = /: "(.*)"$|^(?:value )?"(.*)" is out of range/s;

function findUnreadable(
  { columns, texts }: WrittenTexts,
  index: number,
  { code, message }: DatabaseError,
): Suspects {
  const [, last, first] = (QUOTING_CODES.has(code) && QUOTED.exec(message)) || [];
  const said = last ?? first;
  const row = said === undefined ? -1 : (texts[index]?.indexOf(said) ?? -1);
  return { column: columns[index], rows: row < 0 ? [] : [row] };
}

const TOO_LONG = /^value too long for type (character varying|character)\((\d+)\)$/;

function findTooLong({ columns, texts }: WrittenTexts, { message }: DatabaseError): Suspects {
  const [, type, length] = TOO_LONG.exec(message) ?? [];
  if (length === undefined) return NOTHING;
  const limited = [...columns.entries()].filter(
    ([, column]) => normalizeType(column) === type && column.length === length,
  );
  // Elements of an array are not looked into.
  if (limited.some(([, { isArray }]) => isArray)) return NOTHING;
  const firsts = limited.flatMap(([index, column]) => {
    const row = (texts[index] ?? []).findIndex((text) => text !== null && exceeds(text, Number(length)));
    return row < 0 ? [] : { column, row };
  });
  // Within a row the columns are converted in their order, in which they are here.
  const [first] = firsts.toSorted((a, b) => a.row - b.row);
  return first ? { column: first.column, rows: [first.row] } : NOTHING;
}

/** Spaces beyond the length are cut and not refused. */
function exceeds(text: string, length: number): boolean {
  return text.length > length && /[^ ]/.test([...text].slice(length).join(''));
}

/** A column that the rows leave out is null in all of them. */
function findNull(
  metadata: EntityMetadata,
  { columns, texts }: WrittenTexts,
  refusal: DatabaseError,
): Suspects {
  const column = metadata.columns.find(({ databaseName }) => databaseName === refusal.column);
  const row = column ? (texts[columns.indexOf(column)]?.indexOf(null) ?? -1) : -1;
  return { column, rows: row < 0 ? [] : [row] };
}

/** English, like the rest of what is read here. The key of an index is quoted, that of a foreign key is not. */
const KEY = /^Key \((.+?)\)=\((.*)\) (?:already exists\.|is not present in table ".*"\.)$/s;

/** A key that is there already may have been written by an earlier row of the same statement. */
function findKey({ columns, texts }: WrittenTexts, { code, detail }: DatabaseError): Suspects {
  const [, names = '', values] = KEY.exec(detail ?? '') ?? [];
  const indexes = names
    .split(', ')
    .map((name) =>
      columns.findIndex(
        ({ databaseName }) => name === databaseName || name === quoteIdentifier(databaseName),
      ),
    );
  const column = indexes.length === 1 ? columns[indexes[0] ?? -1] : undefined;
  const printed = indexes.map((index) => texts[index]?.map((text) => printAsServer(columns[index], text)));
  const [leading] = printed;
  if (!leading || printed.some((cells) => !cells || cells.includes(undefined))) return { column, rows: [] };
  const rows = [...leading.keys()].filter(
    (row) => printed.map((cells) => cells?.[row]).join(', ') === values,
  );
  return { column, rows: rows.slice(0, code === '23505' ? 2 : 1) };
}

/** The text as the server would print the value; undefined for types whose values are printed in many ways. */
function printAsServer(column: ColumnMetadata | undefined, text: string | null): string | undefined {
  if (!column || column.isArray) return undefined;
  if (text === null) return 'null';
  switch (normalizeType(column)) {
    case 'uuid':
      return canonicalizePart(column, text).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    case 'smallint':
    case 'integer':
    case 'bigint':
      return INTEGER.test(text) ? canonicalizePart(column, text) : undefined;
    case 'character varying':
      // What exceeds it are spaces, which are cut.
      return column.length !== '' && text.length > Number(column.length) ? undefined : text;
    case 'text':
    case 'citext':
    case 'enum':
      return text;
    default:
      return undefined;
  }
}

function normalizeType(column: ColumnMetadata): string {
  return column.entityMetadata.dataSource.driver.normalizeType(column);
}
