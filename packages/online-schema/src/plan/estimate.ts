import type { IndexDefinition } from '../specification/index-definition';
import type { Estimate } from './plan-step';
import type { TableFacts } from './table-facts';

/**
 * How fast a server is taken to be. The build is what CREATE INDEX CONCURRENTLY took beside running writers on 3 million
 * rows (18.9 s); the others are what an ordinary disk gives. A server of one's own may be several times as fast or slow.
 */
const RATES = Object.freeze({
  buildRowsPerSecond: 160_000,
  scanBytesPerSecond: 200 * 1024 * 1024,
  rewriteBytesPerSecond: 50 * 1024 * 1024,
  backfillRowsPerSecond: 20_000,
});

export const INSTANT: Estimate = Object.freeze({
  bytes: 0,
  durationMs: 0,
  basis: 'changes the catalog only, once it has its lock',
});

/** Of a table that the same changes make: there is nothing in it. */
export const EMPTY: Estimate = Object.freeze({
  bytes: 0,
  durationMs: 0,
  basis: 'the table is new and empty',
});

/** Of a materialized view. */
export const QUERY: Estimate = Object.freeze({
  bytes: null,
  durationMs: null,
  basis: 'as long as its query takes, and as much as it returns',
});

const UNKNOWN = 'the table has never been analysed, so nobody knows how many rows it has (run ANALYZE)';

export function estimateScan({ bytes }: TableFacts): Estimate {
  return {
    bytes,
    durationMs: toMs(bytes, RATES.scanBytesPerSecond),
    basis: 'size of the table now; read at 200 MiB/s, an assumption',
  };
}

export function estimateRewrite({ bytes, indexBytes }: TableFacts): Estimate {
  const all = bytes + indexBytes;
  return {
    bytes: all,
    durationMs: toMs(all, RATES.rewriteBytesPerSecond),
    basis: 'size of the table and its indexes now; written at 50 MiB/s, an assumption',
  };
}

export function estimateBackfill({ bytes, rows }: TableFacts): Estimate {
  if (rows === null) return { bytes, durationMs: null, basis: UNKNOWN };
  return {
    bytes,
    durationMs: toMs(rows, RATES.backfillRowsPerSecond),
    basis: `${Math.round(rows)} rows by pg_class; 20,000 rows/s, an assumption; every row is written anew`,
  };
}

/** Bytes of a B-tree entry beside its keys: tuple header and line pointer; and how full its pages are built. */
const ENTRY_BYTES = 8 + 4;
const FILL = 0.9;

/** Bytes of a key whose width nobody tells, an expression's for example. */
const GUESSED_KEY_BYTES = 16;

/** Of a concurrent build, which reads the table twice. */
export function estimateBuild(
  facts: TableFacts,
  { keys, include = [], where, method = 'btree' }: IndexDefinition,
): Estimate {
  if (facts.rows === null) return { bytes: null, durationMs: null, basis: UNKNOWN };
  const widths = [...keys, ...include].map((key) => facts.widths.get(unquote(key)));
  const known = widths.filter((width) => width !== undefined).length;
  const width = widths.reduce((sum, one) => sum + (one?.bytes ?? GUESSED_KEY_BYTES), 0);
  // Keys are padded to eight bytes.
  const bytes = (facts.rows * (ENTRY_BYTES + Math.ceil(width / 8) * 8)) / FILL;
  const doubts = [
    known < widths.length && `${widths.length - known} of ${widths.length} widths guessed`,
    where !== undefined && 'as if the predicate admitted every row',
    method !== 'btree' && `as if it were a btree and not ${method}`,
  ].filter((doubt) => typeof doubt === 'string');
  return {
    bytes: Math.round(bytes),
    durationMs: toMs(facts.rows, RATES.buildRowsPerSecond),
    basis: [
      `${Math.round(facts.rows)} rows by pg_class, widths by pg_stats; 160,000 rows/s, measured once beside writers`,
      ...doubts,
    ].join('; '),
  };
}

function toMs(amount: number, perSecond: number): number {
  return Math.round((amount / perSecond) * 1_000);
}

/** The column's name, where the key is a column and nothing beside it but its order. */
function unquote(key: string): string {
  const quoted = /^"((?:[^"]|"")+)"(?: DESC| ASC| NULLS (?:FIRST|LAST))*$/.exec(key);
  return quoted?.[1] === undefined ? key.replace(/ (?:DESC|ASC)?.*$/, '') : quoted[1].replaceAll('""', '"');
}
