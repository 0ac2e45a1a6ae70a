import type { QueryRunner } from 'typeorm';
import { quoteQualified } from '../specification/identifier';
import { WITH_TABLES_LOOKED_AT } from './tables-looked-at';

/** What ANALYZE has found out about one column. */
export interface ColumnStatistics {
  /** Share of the rows in which it is NULL, 0–1. */
  readonly nullFraction: number;
  /** As `n_distinct` in pg_stats: a count, or, where it is negative, a share of the rows. */
  readonly distinct: number;
  /** How often each of the most common values occurs, 0–1; null where none is more common than others. */
  readonly frequencies: readonly number[] | null;
}

interface TableStatistics {
  readonly schema: string;
  readonly name: string;
  /** Estimated; null for a table that was never analysed. */
  readonly rows: number | null;
  /** Whether the statistics of some columns are hidden from this role. */
  readonly hidden: boolean;
  readonly columns: Readonly<Record<string, ColumnStatistics>>;
}

/**
 * What ANALYZE has found out about the tables looked at; of a partitioned one, about all of its partitions together.
 * By the table's quoted name, as {@link quoteQualified} gives it.
 */
export async function readTableStatistics(
  runner: QueryRunner,
  schemas: readonly string[],
): Promise<ReadonlyMap<string, TableStatistics>> {
  const tables: TableStatistics[] = await runner.query(READ_STATISTICS, [schemas]);
  return new Map(tables.map((table) => [quoteQualified(table.schema, table.name), table]));
}

// Neither the most common values nor the bounds of the histogram: those are values of rows.
const READ_STATISTICS = `${WITH_TABLES_LOOKED_AT}
  select looked_at.schema, looked_at.name, looked_at.rows,
         row_security_active(looked_at.oid) or exists (
           select from pg_attribute attribute
           where attribute.attrelid = looked_at.oid and attribute.attnum > 0 and not attribute.attisdropped
             and not has_column_privilege(looked_at.oid, attribute.attnum, 'select')
         ) as hidden,
         (
           select coalesce(
             json_object_agg(
               statistics.attname,
               json_build_object(
                 'nullFraction', statistics.null_frac,
                 'distinct', statistics.n_distinct,
                 'frequencies', statistics.most_common_freqs
               )
             ),
             '{}'
           )
           from pg_stats statistics
           where statistics.schemaname = looked_at.schema and statistics.tablename = looked_at.name
             and statistics.inherited = (looked_at.kind = 'p')
         ) as columns
  from looked_at`;
