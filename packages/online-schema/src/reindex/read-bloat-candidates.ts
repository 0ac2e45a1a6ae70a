import type { QueryRunner } from 'typeorm';

/** An index and its size. */
export interface IndexSize {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly bytes: number;
}

/** An index with what tells how large it need be. */
export interface BloatCandidate extends IndexSize {
  readonly oid: number;
  /** Per cent to which leaf pages are filled when it is built. */
  readonly fillfactor: number;
  readonly pageBytes: number;
  /** Pages that it would have if it were built anew; null where the statistics for that are missing. */
  readonly expectedPages: number | null;
}

/**
 * The valid B-tree indexes of the schemas (default: all but the system's) that have at least this size, without those
 * of temporary tables and without those that have no pages of their own.
 */
export async function readBloatCandidates(
  runner: QueryRunner,
  schemas: readonly string[] | undefined,
  minBytes: number,
): Promise<BloatCandidate[]> {
  return runner.query(READ_CANDIDATES, [schemas ?? null, minBytes]);
}

// A page has a header of 24 bytes and B-tree's own 16; a tuple a pointer of 4 bytes, a header of 8, or of 16 with the
// bitmap of NULLs, and its keys, each part rounded up to 8. One page is the index's own.
const READ_CANDIDATES = `
  with
  indexes as (
    select
      i.oid,
      n.nspname as schema,
      t.relname as "table",
      i.relname as name,
      x.indrelid,
      x.indkey,
      x.indnatts,
      i.reltuples * pg_relation_size(t.oid)
        / nullif(t.relpages * current_setting('block_size')::float8, 0) as rows,
      pg_relation_size(i.oid) as bytes,
      current_setting('block_size')::integer as page_bytes,
      coalesce(
        (select option_value::integer from pg_options_to_table(i.reloptions) where option_name = 'fillfactor'),
        90
      ) as fillfactor
    from pg_index x
    join pg_class i on i.oid = x.indexrelid
    join pg_class t on t.oid = x.indrelid
    join pg_namespace n on n.oid = i.relnamespace
    join pg_am am on am.oid = i.relam
    where am.amname = 'btree' and i.relkind = 'i' and i.relpersistence <> 't'
      and x.indisvalid and x.indisready and x.indislive
      and case
        when $1::text[] is null then n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        else n.nspname = any ($1)
      end
      and pg_relation_size(i.oid) >= $2
  ),
  widths as (
    select
      i.oid,
      count(*) = count(s.avg_width) as known,
      coalesce(max(s.null_frac), 0) > 0 as nulls,
      sum((1 - s.null_frac) * s.avg_width) as bytes
    from indexes i
    cross join generate_series(1, i.indnatts) as k(n)
    join pg_attribute own on own.attrelid = i.oid and own.attnum = k.n
    left join pg_attribute source on source.attrelid = i.indrelid and source.attnum = nullif(i.indkey[k.n - 1], 0)
    left join pg_stats s
      on s.schemaname = i.schema and not s.inherited
      and s.tablename = case when source.attname is null then i.name else i."table" end
      and s.attname = coalesce(source.attname, own.attname)
    group by i.oid
  )
  select
    i.oid,
    i.schema,
    i."table",
    i.name,
    i.bytes::float8 as bytes,
    i.fillfactor,
    i.page_bytes as "pageBytes",
    case
      when w.known and i.rows >= 0 then
        1 + ceil(
          i.rows / floor(
            (i.page_bytes - 40) * i.fillfactor / 100.0
            / (4 + case when w.nulls then 16 else 8 end + ceil(w.bytes / 8) * 8)
          )
        )
    end::float8 as "expectedPages"
  from indexes i
  join widths w using (oid)`;
