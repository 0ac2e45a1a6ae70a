import { quoteQualified } from '../../specification/identifier';
import type { Check } from '../check';
import { renderNames } from '../explain-hidden';
import { renderCount } from '../quantity';
import { WITH_TABLES_LOOKED_AT } from '../tables-looked-at';

/** Rows of the index; with fewer, a wrong guess costs nothing. */
const LIMIT_ROWS = 1000;

interface ExpressionIndex {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly rows: number;
  readonly expressions: readonly string[];
  readonly hidden: boolean;
}

/**
 * An index on an expression of which nothing is known: the planner takes half a per cent of the rows for equal to any
 * value. CREATE INDEX gathers no statistics, and autovacuum comes only after enough rows have changed.
 */
export const expressionWithoutStatistics: Check = {
  id: 'expression-without-statistics',
  title: 'Expression index without statistics',
  severity: 'warning',
  async run({ runner, schemas }) {
    const indexes: ExpressionIndex[] = await runner.query(READ_EXPRESSIONS, [schemas, LIMIT_ROWS]);
    const hidden = indexes.filter((index) => index.hidden).map(({ schema, name }) => `${schema}.${name}`);
    return {
      findings: indexes
        .filter((index) => !index.hidden)
        .map(({ schema, table, name, rows, expressions }) => ({
          object: `${schema}.${name}`,
          subject: { schema, table, index: name },
          message:
            `The table was not analysed since the index was built: the planner guesses how many of ` +
            `${renderCount(rows)} rows have the same ${expressions.join(', ')}, and may choose another plan for it.`,
          mend: [`ANALYZE ${quoteQualified(schema, table)}`],
          figures: { rows, expressions: expressions.join(', ') },
        })),
      unseen:
        hidden.length === 0
          ? []
          : [
              `Whether ${renderNames(hidden)} ${hidden.length === 1 ? 'has' : 'have'} statistics only the owner of the ` +
                'table sees, and members of pg_read_all_data, unless row security hides them.',
            ],
    };
  },
};

// Only where the table itself has been analysed: else all statistics are missing, which is another finding. An index
// without rows has none to gather from, as that of a partial one whose predicate hardly any row meets: its count of
// rows comes from the same ANALYZE. The statistics of an index are seen by whoever may read it as if it were a table.
const READ_EXPRESSIONS = `${WITH_TABLES_LOOKED_AT}
  select looked_at.schema, looked_at.name as "table", class.relname as name, class.reltuples::float8 as rows,
         array_agg(pg_get_indexdef(class.oid, key.attnum, true) order by key.attnum) as expressions,
         bool_or(not has_column_privilege(class.oid, key.attnum, 'select') or row_security_active(looked_at.oid)) as hidden
  from looked_at
  join pg_index index on index.indrelid = looked_at.oid and index.indisvalid
  join pg_class class on class.oid = index.indexrelid and class.relkind = 'i'
  join pg_attribute key on key.attrelid = class.oid and key.attnum <= index.indnkeyatts
  where index.indkey[key.attnum - 1] = 0 and coalesce(key.attstattarget, -1) <> 0 and class.reltuples >= $2
    and (
      not has_any_column_privilege(looked_at.oid, 'select')
      or row_security_active(looked_at.oid)
      or exists (
        select from pg_stats
        where schemaname = looked_at.schema and tablename = looked_at.name and not inherited
      )
    )
    and not exists (
      select from pg_stats
      where schemaname = looked_at.schema and tablename = class.relname and attname = key.attname
    )
    and not exists (
      select from pg_stats_ext_exprs
      where schemaname = looked_at.schema and tablename = looked_at.name
        and pg_get_indexdef(class.oid, key.attnum, false) in (expr, '(' || expr || ')')
    )
  group by looked_at.schema, looked_at.name, class.relname, class.reltuples
  order by looked_at.schema, looked_at.name, class.relname`;
