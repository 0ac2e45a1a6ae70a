import type { QueryRunner } from 'typeorm';

/** One index as the catalog and the statistics of this server have it. */
export interface IndexFacts {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  /** The statement that would build it, as the server spells it. */
  readonly definition: string;
  readonly unique: boolean;
  readonly valid: boolean;
  /** Constraint that owns it. */
  readonly constraint: string | null;
  /** Of a partitioned index, those of its parts together. */
  readonly bytes: number;
  /** Rows that it holds, and rows of the table; estimated, null where nobody has counted yet. */
  readonly entries: number | null;
  readonly rows: number | null;
  /** Of the table without its indexes. */
  readonly tableBytes: number;
  /** Times it was read, since `countedSince`. */
  readonly scans: number;
  /** ISO 8601; null where it was not read, or the server is older than 16. */
  readonly lastScanAt: string | null;
  /** When the counts of this database were reset; null: not since it was made, or nobody knows. ISO 8601. */
  readonly countedSince: string | null;
  /** Updates of rows of the table, and those of them that wrote into no index (HOT). */
  readonly updates: number;
  readonly hotUpdates: number;
  /** Columns that this index alone needs: an update of these and no others would be HOT without it. */
  readonly soleColumns: readonly string[];
}

/** What is known of the index: `name` where the search path finds it, or `schema.name`. Undefined when there is none. */
export async function readIndexFacts(runner: QueryRunner, asked: string): Promise<IndexFacts | undefined> {
  const [facts]: IndexFacts[] = await runner.query(READ_FACTS, [asked]);
  return facts;
}

// Columns of expressions and predicates are in pg_depend; those of a constraint's index are in indkey only. BRIN
// summarises, and lets an update be HOT since 16. The statistics have no last_idx_scan before 16.
const READ_FACTS = `
  with asked as (
    select index.*, class.relname as name, class.relkind as kind, class.reltuples as entries, space.nspname as schema
    from pg_class class
    join pg_namespace space on space.oid = class.relnamespace
    join pg_index index on index.indexrelid = class.oid
    where (class.relname = $1 and pg_table_is_visible(class.oid)) or space.nspname || '.' || class.relname = $1
    order by class.relname = $1 desc
    limit 1
  ), needed as (
    select other.indexrelid, key.number
    from asked
    join pg_index other on other.indrelid = asked.indrelid and other.indisready
    join pg_class class on class.oid = other.indexrelid
    join pg_am method on method.oid = class.relam
    cross join lateral (
      select unnest(other.indkey::int2[])::integer as number
      union
      select refobjsubid
      from pg_depend
      where classid = 'pg_class'::regclass and objid = other.indexrelid
        and refclassid = 'pg_class'::regclass and refobjid = other.indrelid
    ) as key
    where key.number > 0
      and (method.amname <> 'brin' or current_setting('server_version_num')::integer < 160000)
  )
  select asked.schema, source.relname as "table", asked.name,
         pg_get_indexdef(asked.indexrelid) as definition, asked.indisunique as unique, asked.indisvalid as valid,
         (select conname from pg_constraint where conindid = asked.indexrelid and contype in ('p', 'u', 'x'))
           as constraint,
         case asked.kind
           when 'I' then (select sum(pg_relation_size(part.relid)) from pg_partition_tree(asked.indexrelid) as part)
           else pg_relation_size(asked.indexrelid)
         end::float8 as bytes,
         nullif(asked.entries, -1)::float8 as entries, nullif(source.reltuples, -1)::float8 as rows,
         pg_table_size(asked.indrelid)::float8 as "tableBytes",
         coalesce(counted.idx_scan, 0)::float8 as scans,
         to_char((to_jsonb(counted) ->> 'last_idx_scan')::timestamptz at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
           as "lastScanAt",
         (
           select to_char(stats_reset at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
           from pg_stat_database where datname = current_database()
         ) as "countedSince",
         coalesce(written.n_tup_upd, 0)::float8 as updates, coalesce(written.n_tup_hot_upd, 0)::float8 as "hotUpdates",
         array(
           select attribute.attname::text
           from pg_attribute attribute
           where attribute.attrelid = asked.indrelid
             and exists (select from needed where indexrelid = asked.indexrelid and number = attribute.attnum)
             and not exists (select from needed where indexrelid <> asked.indexrelid and number = attribute.attnum)
           order by attribute.attname
         ) as "soleColumns"
  from asked
  join pg_class source on source.oid = asked.indrelid
  left join pg_stat_all_indexes counted on counted.indexrelid = asked.indexrelid
  left join pg_stat_all_tables written on written.relid = asked.indrelid`;
