import type { QueryRunner } from 'typeorm';
import type { CatalogIndex } from '../specification/index-definition';

export interface IndexFilter {
  /**
   * Of the tables and so of their indexes; `pg_temp` stands for the session's own temporary schema. Left out,
   * each of `tables` is looked up on the search path, as a statement would; without `tables`, the index `name` is;
   * without either, it is the session's current schema.
   */
  readonly schema?: string | undefined;
  /** Only indexes of these tables. Default: all. */
  readonly tables?: readonly string[];
  /** Only the index of this name. */
  readonly name?: string;
}

interface IndexRow {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly method: string;
  readonly unique: boolean;
  readonly nulls_not_distinct: boolean;
  readonly valid: boolean;
  readonly ready: boolean;
  readonly constraint: string | null;
  readonly keys: string[];
  readonly include: string[];
  readonly predicate: string | null;
  readonly storage: string[];
}

/**
 * The indexes that the filter admits as the server holds them, with texts from `pg_get_indexdef` and `pg_get_expr`:
 * two indexes are the same if, and only if, these rows are the same.
 */
export async function readIndexes(runner: QueryRunner, filter: IndexFilter = {}): Promise<CatalogIndex[]> {
  const { schema = null, tables = null, name = null } = filter;
  const rows: IndexRow[] = await runner.query(READ_INDEXES, [schema, tables, name]);
  return rows.map((row) => ({
    schema: row.schema,
    table: row.table,
    name: row.name,
    method: row.method,
    unique: row.unique,
    nullsNotDistinct: row.nulls_not_distinct,
    keys: row.keys,
    include: row.include,
    ...(row.predicate !== null && { where: row.predicate }),
    storage: Object.fromEntries(row.storage.map(splitOption)),
    valid: row.valid,
    ready: row.ready,
    constraint: row.constraint,
  }));
}

function splitOption(option: string): [string, string] {
  const at = option.indexOf('=');
  return [option.slice(0, at), option.slice(at + 1)];
}

// pg_get_indexdef(index, n) gives the column or expression alone; collation, operator class and order are put
// beside it here as CREATE INDEX would take them, each only where it is not the default. A column's default collation
// is the column's own; an expression has no column, and its type's stands in.
const READ_INDEXES = `
  select
    case when n.oid = pg_my_temp_schema() then 'pg_temp' else n.nspname end as schema,
    t.relname as table,
    i.relname as name,
    am.amname as method,
    x.indisunique as unique,
    x.indnullsnotdistinct as nulls_not_distinct,
    x.indisvalid as valid,
    x.indisready and x.indislive as ready,
    (
      select c.conname
      from pg_constraint c
      where c.conindid = x.indexrelid and c.contype in ('p', 'u', 'x')
    ) as constraint,
    array(
      select
        pg_get_indexdef(x.indexrelid, k.n, false)
        || case
             when collation_.oid <> coalesce(source.attcollation, key_type.typcollation)
             then ' COLLATE ' || collation_.oid::regcollation::text
             else ''
           end
        || case
             when not class.opcdefault or key.attoptions is not null
             then ' ' || case when pg_opclass_is_visible(class.oid) then '' else quote_ident(class_schema.nspname) || '.' end
               || quote_ident(class.opcname) || coalesce('(' || array_to_string(key.attoptions, ', ') || ')', '')
             else ''
           end
        || case
             when not pg_indexam_has_property(am.oid, 'can_order') then ''
             when x.indoption[k.n - 1] & 3 = 0 then ''
             when x.indoption[k.n - 1] & 3 = 1 then ' DESC NULLS LAST'
             when x.indoption[k.n - 1] & 3 = 2 then ' NULLS FIRST'
             else ' DESC'
           end
      from generate_series(1, x.indnkeyatts) as k(n)
      join pg_attribute key on key.attrelid = x.indexrelid and key.attnum = k.n
      join pg_type key_type on key_type.oid = key.atttypid
      join pg_opclass class on class.oid = x.indclass[k.n - 1]
      join pg_namespace class_schema on class_schema.oid = class.opcnamespace
      left join pg_attribute source on source.attrelid = x.indrelid and source.attnum = nullif(x.indkey[k.n - 1], 0)
      left join pg_collation collation_ on collation_.oid = x.indcollation[k.n - 1]
      order by k.n
    ) as keys,
    array(
      select a.attname::text
      from generate_series(x.indnkeyatts + 1, x.indnatts) as k(n)
      join pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[k.n - 1]
      order by k.n
    ) as include,
    pg_get_expr(x.indpred, x.indrelid) as predicate,
    coalesce(i.reloptions, '{}') as storage
  from pg_index x
  join pg_class i on i.oid = x.indexrelid
  join pg_class t on t.oid = x.indrelid
  join pg_namespace n on n.oid = i.relnamespace
  join pg_am am on am.oid = i.relam
  where case
      when $1::text = 'pg_temp' then n.oid = pg_my_temp_schema()
      when $1::text is not null then n.nspname = $1::text
      when $2::text[] is not null
        then x.indrelid = any (array(select to_regclass(quote_ident(name))::oid from unnest($2::text[]) as name))
      when $3::text is not null then x.indexrelid = to_regclass(quote_ident($3::text))
      else n.nspname = current_schema()
    end
    and ($2::text[] is null or t.relname = any ($2))
    and ($3::text is null or i.relname = $3)
  order by t.relname, i.relname`;
