import { estimateIndexBloat, type IndexBloat } from '../../reindex/estimate-bloat';
import { quoteQualified } from '../../specification/identifier';
import type { Check, CheckContext, CheckResult, Finding, Severity } from '../check';
import { type ColumnLayout, estimateTableBytes } from '../estimate-table-size';
import { explainHidden, renderNames } from '../explain-hidden';
import { renderBytes, renderCount, renderShare } from '../quantity';
import { renderRebuild } from '../render-mend';
import { WITH_TABLES_LOOKED_AT } from '../tables-looked-at';

const MIB = 1024 * 1024;

const LIMITS = Object.freeze({
  /** Of the whole: less than half is ordinary, and used again. */
  share: 0.5,
  bytes: 16 * MIB,
  /** From here on it is worth a night's work. */
  warningBytes: 1024 * MIB,
  /** Of the rows: so many that vacuum is behind. */
  deadShare: 0.2,
});

/**
 * A table or btree that takes much more space than what is in it would. Estimated from the statistics of ANALYZE; the
 * estimate of indexes knows of no deduplication and leans towards saying nothing.
 */
export const bloat: Check = {
  id: 'bloat',
  title: 'Mostly empty table or index',
  severity: 'warning',
  async run(context) {
    const tables = await findBloatedTables(context);
    const indexes = await findBloatedIndexes(context);
    return {
      findings: [...tables.findings, ...indexes.findings],
      unseen: [...tables.unseen, ...indexes.unseen],
    };
  },
};

interface MeasuredTable {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  readonly deadRows: number;
  readonly fillFactor: number;
  readonly pageBytes: number;
  readonly hidden: boolean;
  /** Width and share of NULLs are null where there are no statistics. */
  readonly columns: readonly (Omit<ColumnLayout, 'width' | 'nullFraction'> & {
    readonly width: number | null;
    readonly nullFraction: number | null;
  })[];
}

async function findBloatedTables({ runner, schemas }: CheckContext): Promise<CheckResult> {
  const tables: MeasuredTable[] = await runner.query(READ_LAYOUTS, [schemas, LIMITS.bytes]);
  const findings: Finding[] = [];
  const hidden: string[] = [];
  for (const table of tables) {
    const columns = table.columns.filter(isKnown);
    if (columns.length < table.columns.length) {
      if (table.hidden) hidden.push(`${table.schema}.${table.name}`);
      continue;
    }
    const wastedBytes = table.bytes - estimateTableBytes({ ...table, columns });
    if (!isBloat(wastedBytes, table.bytes)) continue;
    findings.push(tellTable(table, wastedBytes));
  }
  return { findings, unseen: explainHidden(hidden) };
}

function isKnown(column: MeasuredTable['columns'][number]): column is ColumnLayout {
  return column.width !== null && column.nullFraction !== null;
}

async function findBloatedIndexes({ runner, schemas }: CheckContext): Promise<CheckResult> {
  const indexes = await estimateIndexBloat(runner, { schemas, minBytes: LIMITS.bytes });
  const unknown = indexes.filter(({ basis }) => basis === 'unknown');
  const names = renderNames(unknown.map(({ schema, name }) => `${schema}.${name}`));
  return {
    findings: indexes.flatMap((index) =>
      index.basis !== 'unknown' && isBloat(index.wastedBytes, index.bytes) ? [tellIndex(index)] : [],
    ),
    unseen:
      unknown.length === 0
        ? []
        : [
            `How full ${names} ${unknown.length === 1 ? 'is' : 'are'} cannot be estimated without statistics of the keys ` +
              'that this role may read: ANALYZE, and SELECT on the table or membership in pg_read_all_data.',
          ],
  };
}

function isBloat(wastedBytes: number, bytes: number): boolean {
  return wastedBytes >= LIMITS.bytes && wastedBytes >= bytes * LIMITS.share;
}

function severityOf(wastedBytes: number): Severity {
  return wastedBytes < LIMITS.warningBytes ? 'notice' : 'warning';
}

function tellIndex(index: Extract<IndexBloat, { readonly wastedBytes: number }>): Finding {
  const { schema, table, name, bytes, wastedBytes } = index;
  return {
    object: `${schema}.${name}`,
    subject: { schema, table, index: name },
    message:
      `About ${renderBytes(wastedBytes)} of its ${renderBytes(bytes)} (${renderShare(wastedBytes / bytes)}) are empty: it ` +
      'takes that from the cache and from every backup. Pages half empty are filled only by keys that sort between theirs.',
    mend: [renderRebuild(index)],
    figures: { bytes, wastedBytes, wastedShare: wastedBytes / bytes },
    severity: severityOf(wastedBytes),
  };
}

function tellTable({ schema, name, rows, bytes, deadRows }: MeasuredTable, wastedBytes: number): Finding {
  const isBehind = deadRows > rows * LIMITS.deadShare;
  return {
    object: `${schema}.${name}`,
    subject: { schema, table: name },
    message:
      `About ${renderBytes(wastedBytes)} of its ${renderBytes(bytes)} (${renderShare(wastedBytes / bytes)}) are empty, as ` +
      `estimated from ${renderCount(rows)} rows: every scan reads that as well. ` +
      (isBehind
        ? `${renderCount(deadRows)} dead rows wait for vacuum: see what keeps it, an old transaction or its settings.`
        : 'New rows will fill it; to give it back now, pg_repack goes on beside writers, VACUUM FULL locks out readers too.'),
    mend: isBehind ? [`VACUUM (ANALYZE) ${quoteQualified(schema, name)}`] : [],
    figures: { bytes, wastedBytes, wastedShare: wastedBytes / bytes, rows, deadRows },
    severity: severityOf(wastedBytes),
  };
}

// Rows and pages as one and the same VACUUM or ANALYZE has counted them: a table that has grown since is not taken for
// a bloated one. What is stored outside of the rows counts on neither side.
const READ_LAYOUTS = `${WITH_TABLES_LOOKED_AT}
  select looked_at.schema, looked_at.name, looked_at.rows, looked_at.pages * page.bytes as bytes,
         page.bytes as "pageBytes",
         coalesce(pg_stat_get_dead_tuples(looked_at.oid), 0)::float8 as "deadRows",
         coalesce(
           (
             select option_value::integer
             from pg_class class, pg_options_to_table(class.reloptions)
             where class.oid = looked_at.oid and option_name = 'fillfactor'
           ),
           100
         ) as "fillFactor",
         row_security_active(looked_at.oid) or not has_table_privilege(looked_at.oid, 'select') as hidden,
         (
           select coalesce(
             json_agg(
               json_build_object(
                 'length', attribute.attlen,
                 'alignment', case attribute.attalign when 'd' then 8 when 'i' then 4 when 's' then 2 else 1 end,
                 'width', statistics.avg_width,
                 'nullFraction', statistics.null_frac
               )
               order by attribute.attnum
             ),
             '[]'
           )
           from pg_attribute attribute
           left join pg_stats statistics
             on statistics.schemaname = looked_at.schema and statistics.tablename = looked_at.name
               and statistics.attname = attribute.attname and not statistics.inherited
           where attribute.attrelid = looked_at.oid and attribute.attnum > 0 and not attribute.attisdropped
             and attribute.attgenerated <> 'v'
         ) as columns
  from looked_at
  cross join (select current_setting('block_size')::float8 as bytes) as page
  where looked_at.kind <> 'p' and looked_at.rows is not null and looked_at.pages * page.bytes >= $2
  order by looked_at.schema, looked_at.name`;
