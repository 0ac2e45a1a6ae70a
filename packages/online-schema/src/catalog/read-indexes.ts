import type { QueryRunner } from 'typeorm';
import type { CatalogIndex, IndexKeyPart } from '../specification/index-definition';

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
  readonly parts: IndexKeyPart[];
  readonly attached: boolean;
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
    keys: row.parts.map(renderKeyPart),
    parts: row.parts,
    include: row.include,
    ...(row.predicate !== null && { where: row.predicate }),
    storage: Object.fromEntries(row.storage.map(splitOption)),
    valid: row.valid,
    ready: row.ready,
    constraint: row.constraint,
    attached: row.attached,
  }));
}

/** As CREATE INDEX takes it. */
function renderKeyPart({ text, collation, operatorClass, descending, nullsFirst }: IndexKeyPart): string {
  return [
    text,
    collation !== null && `COLLATE ${collation}`,
    operatorClass,
    descending && 'DESC',
    nullsFirst !== descending && (nullsFirst ? 'NULLS FIRST' : 'NULLS LAST'),
  ]
    .filter((part) => typeof part === 'string')
    .join(' ');
}

function splitOption(option: string): [string, string] {
  const at = option.indexOf('=');
  return [option.slice(0, at), option.slice(at + 1)];
}

// pg_get_indexdef(index, n) gives the column or expression alone; collation and operator class are read beside it, each
// only where it is not the default. A column's default collation is the column's own; an expression has no column, and
// its type's stands in: that of what the operator class takes where it stores something else, as hash does.
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
    (
      select json_agg(
        json_build_object(
          'text', pg_get_indexdef(x.indexrelid, k.n, false),
          'isExpression', x.indkey[k.n - 1] = 0,
          'collation', case
            when collation_.oid <> coalesce(
              source.attcollation,
              nullif(key_type.typcollation, 0),
              input_type.typcollation
            )
            then collation_.oid::regcollation::text
          end,
          'operatorClass', case
            when not class.opcdefault or key.attoptions is not null
            then case when pg_opclass_is_visible(class.oid) then '' else quote_ident(class_schema.nspname) || '.' end
              || quote_ident(class.opcname) || coalesce('(' || array_to_string(key.attoptions, ', ') || ')', '')
          end,
          'descending', pg_indexam_has_property(am.oid, 'can_order') and x.indoption[k.n - 1] & 1 = 1,
          'nullsFirst', pg_indexam_has_property(am.oid, 'can_order') and x.indoption[k.n - 1] & 2 = 2
        )
        order by k.n
      )
      from generate_series(1, x.indnkeyatts) as k(n)
      join pg_attribute key on key.attrelid = x.indexrelid and key.attnum = k.n
      join pg_type key_type on key_type.oid = key.atttypid
      join pg_opclass class on class.oid = x.indclass[k.n - 1]
      join pg_type input_type on input_type.oid = class.opcintype
      join pg_namespace class_schema on class_schema.oid = class.opcnamespace
      left join pg_attribute source on source.attrelid = x.indrelid and source.attnum = nullif(x.indkey[k.n - 1], 0)
      left join pg_collation collation_ on collation_.oid = x.indcollation[k.n - 1]
    ) as parts,
    exists (select from pg_inherits h where h.inhrelid = x.indexrelid) as attached,
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
