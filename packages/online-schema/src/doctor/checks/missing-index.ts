import type { Check } from '../check';
import { renderBytes, renderCount, renderShare } from '../quantity';
import { WITH_TABLES_LOOKED_AT } from '../tables-looked-at';

const LIMITS = Object.freeze({
  /** A smaller table is read as fast as an index of it. */
  heapBytes: 4 * 1024 * 1024,
  /** Dumps, index builds and reports scan a table as well, but not this often. */
  scans: 100,
  /** Of all its rows, in one scan on average: LIMIT and EXISTS stop early. */
  shareRead: 0.2,
  /** Of all scans of the table. */
  shareOfScans: 0.01,
  bytesRead: 1024 * 1024 * 1024,
});

interface ScannedTable {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
  readonly heapBytes: number;
  readonly scans: number;
  readonly rowsRead: number;
  readonly indexScans: number;
}

/** A large table that is read from end to end again and again. */
export const missingIndex: Check = {
  id: 'missing-index',
  title: 'Large table read from end to end',
  severity: 'warning',
  async run({ runner, schemas }) {
    const tables: ScannedTable[] = await runner.query(READ_SCANS, [schemas]);
    const weighted = tables
      .map((table) => ({ ...table, bytesRead: (table.rowsRead / table.rows) * table.heapBytes }))
      .filter(
        ({ rows, heapBytes, scans, rowsRead, indexScans, bytesRead }) =>
          heapBytes >= LIMITS.heapBytes &&
          scans >= LIMITS.scans &&
          rowsRead / scans >= rows * LIMITS.shareRead &&
          scans / (scans + indexScans) >= LIMITS.shareOfScans &&
          bytesRead >= LIMITS.bytesRead,
      )
      .toSorted((one, other) => other.bytesRead - one.bytesRead);
    const findings = weighted.map(({ schema, name, ...figures }) => {
      const { rows, heapBytes, scans, rowsRead, indexScans, bytesRead } = figures;
      return {
        object: `${schema}.${name}`,
        subject: { schema, table: name },
        message:
          `It has ${renderCount(rows)} rows in ${renderBytes(heapBytes)} and was read from end to end ` +
          `${renderCount(scans)} times (${renderShare(scans / (scans + indexScans))} of its scans), ` +
          `${renderCount(rowsRead / scans)} rows each and ${renderBytes(bytesRead)} in all: find the query in ` +
          'pg_stat_statements or the log of slow ones, and index what it asks for.',
        mend: [],
        figures,
      };
    });
    return { findings, unseen: [] };
  },
};

// As the planner does: the density of the last analysis over the pages of today. The count of live rows is a sum of
// changes, which doubles when an analysis comes between a change and its being counted.
const READ_SCANS = `${WITH_TABLES_LOOKED_AT}
  select looked_at.schema, looked_at.name,
         greatest(
           coalesce(
             looked_at.rows / nullif(looked_at.pages, 0)
               * pg_relation_size(looked_at.oid) / current_setting('block_size')::integer,
             counted.n_live_tup
           ),
           1
         )::float8 as rows,
         pg_relation_size(looked_at.oid)::float8 as "heapBytes",
         counted.seq_scan::float8 as scans,
         counted.seq_tup_read::float8 as "rowsRead",
         coalesce(counted.idx_scan, 0)::float8 as "indexScans"
  from looked_at
  join pg_stat_all_tables counted on counted.relid = looked_at.oid
  where looked_at.kind <> 'p' and counted.seq_scan > 0`;
