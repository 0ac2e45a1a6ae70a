import type { QueryRunner } from 'typeorm';
import type { TableTarget } from '../recipes/recipe-definitions';
import { quoteQualified } from '../specification/identifier';

/** What the catalog knows of a table that exists. */
export interface TableFacts {
  readonly schema: string;
  readonly name: string;
  readonly partitioned: boolean;
  /** Of the table alone, without indexes, now. */
  readonly bytes: number;
  readonly indexBytes: number;
  /** From the last VACUUM or ANALYZE, scaled to the size of now; null where there was none. */
  readonly rows: number | null;
  /** Mean bytes of a column's values, from pg_stats. What this role may not read is not here. */
  readonly widths: ReadonlyMap<string, { readonly bytes: number; readonly nullRatio: number }>;
  /** Partitions, and tables that inherit from it, at any depth, as `schema.table`: what locks the table locks them. */
  readonly heirs: readonly string[];
  /** At the other ends of foreign keys, as `schema.table`, with the column of this table that is at this end. */
  readonly keyed: readonly { readonly column: string; readonly table: string }[];
  /** First columns of the indexes that have no predicate. */
  readonly indexLeads: readonly (readonly string[])[];
}

/** The facts of a table; undefined if it does not exist. */
export async function readTableFacts(
  runner: QueryRunner,
  { schema, table }: TableTarget,
): Promise<TableFacts | undefined> {
  const [row]: {
    oid: number;
    schema: string;
    name: string;
    partitioned: boolean;
    bytes: string;
    index_bytes: string;
    rows: number | null;
  }[] = await runner.query(READ_SIZE, [quoteQualified(schema, table)]);
  if (row === undefined) return undefined;
  const widths: { column: string; bytes: number; null_ratio: number }[] = await runner.query(
    `select attname::text as column, avg_width as bytes, null_frac::float8 as null_ratio
     from pg_stats
     where schemaname = $1 and tablename = $2 and not inherited`,
    [row.schema, row.name],
  );
  const indexes: { columns: string[] }[] = await runner.query(
    `select array(
       select a.attname::text
       from generate_series(1, x.indnkeyatts) as k(n)
       left join pg_attribute a on a.attrelid = x.indrelid and a.attnum = nullif(x.indkey[k.n - 1], 0)
       order by k.n
     ) as columns
     from pg_index x
     where x.indrelid = $1 and x.indpred is null and x.indisvalid`,
    [row.oid],
  );
  const heirs: { name: string }[] = await runner.query(
    `with recursive tree(oid) as (
       select inhrelid from pg_inherits where inhparent = $1
       union
       select i.inhrelid from pg_inherits i join tree on i.inhparent = tree.oid
     )
     select n.nspname || '.' || c.relname as name
     from tree
     join pg_class c on c.oid = tree.oid
     join pg_namespace n on n.oid = c.relnamespace
     order by 1`,
    [row.oid],
  );
  const keyed: { column: string; table: string }[] = await runner.query(
    `select distinct a.attname::text as column, n.nspname || '.' || c.relname as table
     from pg_constraint k
     cross join lateral (values (k.conkey, k.conrelid, k.confrelid), (k.confkey, k.confrelid, k.conrelid))
       as side(columns, own, other)
     join pg_attribute a on a.attrelid = side.own and a.attnum = any (side.columns)
     join pg_class c on c.oid = side.other
     join pg_namespace n on n.oid = c.relnamespace
     where k.contype = 'f' and side.own = $1 and side.other <> $1
     order by 1, 2`,
    [row.oid],
  );
  return {
    schema: row.schema,
    name: row.name,
    partitioned: row.partitioned,
    bytes: Number(row.bytes),
    indexBytes: Number(row.index_bytes),
    rows: row.rows,
    widths: new Map(
      widths.map(({ column, bytes, null_ratio }) => [column, { bytes, nullRatio: null_ratio }]),
    ),
    heirs: heirs.map(({ name }) => name),
    keyed,
    indexLeads: indexes.map(({ columns }) => columns),
  };
}

// reltuples is -1 where nobody has counted; relpages is of the same moment. Of a partitioned table both are told for
// its partitions, whose sizes are summed.
const READ_SIZE = `
  select
    t.oid, n.nspname as schema, t.relname as name, t.relkind = 'p' as partitioned,
    sum(pg_table_size(leaf.oid))::text as bytes,
    sum(pg_indexes_size(leaf.oid))::text as index_bytes,
    case when bool_and(leaf.reltuples >= 0) then
      sum(
        case when leaf.relpages > 0
          then leaf.reltuples::float8 / leaf.relpages * pg_relation_size(leaf.oid) / current_setting('block_size')::int
          else greatest(leaf.reltuples, 0)
        end
      )
    end as rows
  from pg_class t
  join pg_namespace n on n.oid = t.relnamespace
  join lateral (
    select p.oid, p.reltuples, p.relpages
    from pg_class p
    where p.oid = t.oid and t.relkind <> 'p'
    union all
    select p.oid, p.reltuples, p.relpages
    from pg_partition_tree(t.oid) tree
    join pg_class p on p.oid = tree.relid
    where t.relkind = 'p' and tree.isleaf and p.relkind in ('r', 'm')
  ) as leaf on true
  where t.oid = to_regclass($1)
  group by t.oid, n.nspname, t.relname, t.relkind`;
