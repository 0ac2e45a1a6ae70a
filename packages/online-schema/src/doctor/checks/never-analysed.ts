import { quoteQualified } from '../../specification/identifier';
import type { Check, CheckContext, Finding } from '../check';
import { renderNames } from '../explain-hidden';
import { renderAge, renderBytes, renderCount, renderShare } from '../quantity';
import { WITH_TABLES_LOOKED_AT } from '../tables-looked-at';

const LIMITS = Object.freeze({
  /** A smaller table is read as a whole, whatever the planner knows of it. */
  bytes: 1024 * 1024,
  changedRows: 10_000,
  /** Of a table that was empty when it was analysed, of which there is nothing to know. */
  newRows: 1000,
  /** Of the rows: autovacuum comes at a tenth unless it is told otherwise. */
  changedShare: 0.5,
  /** Autovacuum comes within minutes; and what one session writes in the second before its ANALYZE counts as changed since. */
  ageMs: 10 * 60 * 1000,
});

interface AnalysedTable {
  readonly schema: string;
  readonly name: string;
  readonly partitioned: boolean;
  readonly bytes: number;
  readonly rows: number | null;
  readonly changedRows: number;
  /** Since the counts began, which a crash begins anew. */
  readonly analysedAt: Date | null;
  readonly known: boolean;
  readonly hidden: boolean;
  readonly autovacuum: boolean;
  /** The quoted name of the partitioned table at the top; its own for any other. */
  readonly root: string;
}

/** A table with rows about which the planner knows nothing, or only what was true of half of them. */
export const neverAnalysed: Check = {
  id: 'never-analysed',
  title: 'Table without statistics, or with old ones',
  severity: 'warning',
  async run(context) {
    const tables: AnalysedTable[] = await context.runner.query(READ_ANALYSED, [
      context.schemas,
      LIMITS.bytes,
    ]);
    const isUnknown = (table: AnalysedTable) => !table.known && table.analysedAt === null;
    const hidden = tables.filter((table) => table.hidden && isUnknown(table));
    const without = tables.filter((table) => !table.hidden && !table.known && !wasEmpty(table));
    const roots = new Set(without.filter(({ partitioned }) => partitioned).map(({ root }) => root));
    const old = tables.filter((table) => !isUnknown(table) && isOld(table, context.now));
    return {
      findings: [
        // ANALYZE of a partitioned table goes through its partitions as well.
        ...without.filter((table) => table.partitioned || !roots.has(table.root)).map(tellWithout),
        ...old.filter((table) => !without.includes(table)).map((table) => tellOld(table, context)),
      ],
      unseen:
        hidden.length === 0
          ? []
          : [
              `Whether ${renderNames(hidden.map(({ schema, name }) => `${schema}.${name}`))} ` +
                `${hidden.length === 1 ? 'has' : 'have'} statistics: since the counts began none were gathered, and ` +
                'older ones are hidden from this role; SELECT or membership in pg_read_all_data shows them.',
            ],
    };
  },
};

/** Pages without a live row, such as a load that was rolled back leaves. */
function wasEmpty({ rows, analysedAt, changedRows }: AnalysedTable): boolean {
  return rows === 0 && analysedAt !== null && changedRows < LIMITS.newRows;
}

function isOld({ rows, changedRows, analysedAt }: AnalysedTable, now: Date): boolean {
  if (analysedAt !== null && now.getTime() - analysedAt.getTime() < LIMITS.ageMs) return false;
  return changedRows >= LIMITS.changedRows && changedRows >= (rows ?? 0) * LIMITS.changedShare;
}

function tellWithout(table: AnalysedTable): Finding {
  const { bytes, partitioned, autovacuum } = table;
  const cause = partitioned
    ? ' Autovacuum analyses partitions, never the table that they make up.'
    : autovacuum
      ? ''
      : ' Autovacuum is switched off for it.';
  return {
    ...about(table),
    message:
      `It has ${renderBytes(bytes)} of rows and no statistics: the planner guesses how many of them a condition ` +
      `leaves, and how two tables join.${cause}`,
    figures: { bytes, rows: table.rows, changedRows: table.changedRows, analysedAgoMs: null, autovacuum },
  };
}

function tellOld(table: AnalysedTable, { now }: CheckContext): Finding {
  const { bytes, rows, changedRows, analysedAt, autovacuum } = table;
  const analysedAgoMs = analysedAt && Math.max(0, now.getTime() - analysedAt.getTime());
  const when =
    analysedAgoMs === null
      ? 'were gathered at a time that is not known'
      : `are ${renderAge(analysedAgoMs)} old`;
  const share = rows === null || rows === 0 ? '' : `, ${renderShare(changedRows / rows)} of what there were`;
  return {
    ...about(table),
    message:
      `Its statistics ${when}, and ${renderCount(changedRows)} rows have changed since${share}: the planner goes by what ` +
      `was.${autovacuum ? '' : ' Autovacuum is switched off for it.'}`,
    figures: { bytes, rows, changedRows, analysedAgoMs, autovacuum },
  };
}

function about({ schema, name }: AnalysedTable): Pick<Finding, 'object' | 'subject' | 'mend'> {
  return {
    object: `${schema}.${name}`,
    subject: { schema, table: name },
    mend: [`ANALYZE ${quoteQualified(schema, name)}`],
  };
}

// pg_class.reltuples does not tell: VACUUM and CREATE INDEX count rows as well. Columns of which no statistics are
// wanted are not missed. With permission for one column, its statistics tell of the table.
const READ_ANALYSED = `${WITH_TABLES_LOOKED_AT}, measured as (
    select looked_at.*, looked_at.kind = 'p' as partitioned,
           case looked_at.kind
             when 'p' then (
               select coalesce(sum(pg_relation_size(part.relid)), 0)
               from pg_partition_tree(looked_at.oid) as part
               where part.isleaf
             )
             else pg_relation_size(looked_at.oid)
           end::float8 as bytes
    from looked_at
  )
  select measured.schema, measured.name, measured.partitioned, measured.bytes, measured.rows,
         coalesce(counted.n_mod_since_analyze, 0)::float8 as "changedRows",
         greatest(counted.last_analyze, counted.last_autoanalyze) as "analysedAt",
         exists (
           select from pg_stats
           where schemaname = measured.schema and tablename = measured.name
         ) as known,
         not has_any_column_privilege(measured.oid, 'select') or row_security_active(measured.oid) as hidden,
         coalesce(
           (
             select option_value::boolean
             from pg_class class, pg_options_to_table(class.reloptions)
             where class.oid = measured.oid and option_name = 'autovacuum_enabled'
           ),
           true
         ) and current_setting('autovacuum')::boolean as autovacuum,
         format('"%s"."%s"', replace(space.nspname, '"', '""'), replace(root.relname, '"', '""')) as root
  from measured
  join pg_class root on root.oid = coalesce(pg_partition_root(measured.oid), measured.oid)
  join pg_namespace space on space.oid = root.relnamespace
  left join pg_stat_all_tables counted on counted.relid = measured.oid
  where measured.bytes >= $2
    and exists (
      select from pg_attribute attribute
      where attribute.attrelid = measured.oid and attribute.attnum > 0 and not attribute.attisdropped
        and coalesce(attribute.attstattarget, -1) <> 0
    )
  order by measured.schema, measured.name`;
