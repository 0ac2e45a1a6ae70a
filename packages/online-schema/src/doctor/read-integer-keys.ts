import type { QueryRunner } from 'typeorm';
import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import type { CheckContext } from './check';
import { renderNames } from './explain-hidden';
import type { FedColumn } from './read-sequences';
import { WITH_TABLES_LOOKED_AT } from './tables-looked-at';
import { tryQuery } from './try-query';

/** A column of two or four bytes that is the first of a primary key, or refers to a wider column. */
export interface IntegerKey {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly type: 'smallint' | 'integer';
  /** The wider column, or null. */
  readonly refersTo: Omit<FedColumn, 'type'> | null;
  /** Whether an index of all rows begins with it, so that its largest value is found at once. */
  readonly indexed: boolean;
}

export async function readIntegerKeys(
  runner: QueryRunner,
  schemas: readonly string[],
): Promise<IntegerKey[]> {
  return runner.query(READ_KEYS, [schemas]);
}

/** The largest value of each key, by the key, as far as the role and the time of the check allow; the others in words. */
export async function measureKeys(
  { runner, timeoutMs }: CheckContext,
  keys: readonly IntegerKey[],
): Promise<{ readonly largest: ReadonlyMap<IntegerKey, number>; readonly unseen: readonly string[] }> {
  const started = performance.now();
  const largest = new Map<IntegerKey, number>();
  const refused: string[] = [];
  for (const key of keys) {
    const left = timeoutMs - (performance.now() - started);
    const column = quoteIdentifier(key.column);
    const sql = `select max(${column})::float8 as largest from ${quoteQualified(key.schema, key.table)}`;
    const attempt =
      left > 0 ? await tryQuery<{ largest: number | null }>(runner, { sql, timeoutMs: left }) : undefined;
    if (attempt === undefined || 'refusal' in attempt)
      refused.push(`${key.schema}.${key.table}.${key.column}`);
    else largest.set(key, attempt.rows[0]?.largest ?? 0);
  }
  const unseen = `How large the values of ${renderNames(refused)} are takes SELECT on the table, no lock on it, and time.`;
  return { largest, unseen: refused.length === 0 ? [] : [unseen] };
}

// Without a sequence, a value that grows is a guess; only keys are looked at, not every number with an index.
const READ_KEYS = `${WITH_TABLES_LOOKED_AT}, narrow as (
    select looked_at.oid, looked_at.schema, looked_at.name, attribute.attname, attribute.attnum, attribute.attlen,
           format_type(attribute.atttypid, null) as type
    from looked_at
    join pg_class class on class.oid = looked_at.oid and not class.relispartition
    join pg_attribute attribute on attribute.attrelid = looked_at.oid and attribute.attnum > 0
    where attribute.atttypid in ('int2'::regtype, 'int4'::regtype) and not attribute.attisdropped
  ), wider as (
    select reference.conrelid, key.number,
           json_build_object('schema', space.nspname, 'table', target.relname, 'column', attribute.attname) as target
    from pg_constraint reference
    cross join lateral unnest(reference.conkey, reference.confkey) as key (number, target)
    join pg_class target on target.oid = reference.confrelid
    join pg_namespace space on space.oid = target.relnamespace
    join pg_attribute attribute on attribute.attrelid = reference.confrelid and attribute.attnum = key.target
    join narrow on narrow.oid = reference.conrelid and narrow.attnum = key.number
    where reference.contype = 'f' and reference.conparentid = 0
      and attribute.atttypid in ('int4'::regtype, 'int8'::regtype) and attribute.attlen > narrow.attlen
  )
  select narrow.schema, narrow.name as "table", narrow.attname as column, narrow.type,
         (select target from wider where conrelid = narrow.oid and number = narrow.attnum limit 1) as "refersTo",
         exists (
           select from pg_index index
           join pg_class class on class.oid = index.indexrelid
           join pg_am method on method.oid = class.relam and method.amname = 'btree'
           where index.indrelid = narrow.oid and index.indkey[0] = narrow.attnum and index.indpred is null
             and index.indisvalid
         ) as indexed
  from narrow
  where exists (
      select from pg_index where indrelid = narrow.oid and indisprimary and indkey[0] = narrow.attnum
    )
    or exists (select from wider where conrelid = narrow.oid and number = narrow.attnum)
  order by 1, 2, 3`;
