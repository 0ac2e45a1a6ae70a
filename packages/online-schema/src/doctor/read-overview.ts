import type { CheckContext } from './check';
import type { IndexFigures, Overview, TableFigures } from './doctor-report';
import { WITH_TABLES_LOOKED_AT } from './tables-looked-at';

/** The tables and indexes that are looked at, in figures. */
export async function readOverview({ runner, schemas, now }: CheckContext): Promise<Overview> {
  const tables: (Omit<TableFigures, 'analysedAgoMs'> & { analysedAt: Date | null })[] = await runner.query(
    READ_TABLES,
    [schemas],
  );
  const indexes: IndexFigures[] = await runner.query(READ_INDEX_FIGURES, [schemas]);
  const [counted]: { since: Date | null }[] = await runner.query(READ_COUNTED_SINCE);
  const ago = (moment: Date | null) => moment && Math.max(0, now.getTime() - moment.getTime());
  return {
    tables: tables.map(({ analysedAt, ...table }) => ({ ...table, analysedAgoMs: ago(analysedAt) })),
    indexes,
    countedForMs: ago(counted?.since ?? null),
  };
}

// float8, since JavaScript's driver would make text of a bigint.
const READ_TABLES = `${WITH_TABLES_LOOKED_AT}
  select looked_at.schema, looked_at.name, looked_at.rows,
         coalesce(counted.n_dead_tup, 0)::float8 as "deadRows",
         pg_table_size(looked_at.oid)::float8 as "heapBytes",
         pg_indexes_size(looked_at.oid)::float8 as "indexBytes",
         coalesce(counted.seq_scan, 0)::float8 as "sequentialScans",
         coalesce(counted.idx_scan, 0)::float8 as "indexScans",
         greatest(counted.last_analyze, counted.last_autoanalyze) as "analysedAt",
         coalesce(counted.n_mod_since_analyze, 0)::float8 as "changedRows"
  from looked_at
  left join pg_stat_all_tables counted on counted.relid = looked_at.oid
  where looked_at.kind <> 'p'
  order by pg_total_relation_size(looked_at.oid) desc, 1, 2`;

const READ_INDEX_FIGURES = `${WITH_TABLES_LOOKED_AT}
  select looked_at.schema, looked_at.name as "table", class.relname as name,
         pg_relation_size(class.oid)::float8 as bytes,
         coalesce(counted.idx_scan, 0)::float8 as scans,
         index.indisunique as unique, index.indisvalid as valid
  from looked_at
  join pg_index index on index.indrelid = looked_at.oid
  join pg_class class on class.oid = index.indexrelid
  left join pg_stat_all_indexes counted on counted.indexrelid = index.indexrelid
  where looked_at.kind <> 'p'
  order by pg_relation_size(class.oid) desc, 1, 3`;

const READ_COUNTED_SINCE = `
  select stats_reset as since from pg_stat_database where datname = current_database()`;
