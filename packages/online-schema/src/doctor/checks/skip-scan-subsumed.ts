import type { Check, CheckContext } from '../check';
import { carries, isSameKey } from '../compare-shapes';
import { findDuplicates, isDispensable } from '../find-duplicates';
import { renderBytes, renderCount } from '../quantity';
import type { IndexShape } from '../read-index-shapes';

/** PostgreSQL 18 is the first to skip through the values of a leading column. */
const FIRST_VERSION = 180_000;

const LIMITS = Object.freeze({
  /** One descent of the tree for each leading value: with more of them, the index of its own is worth its space. */
  leadingValues: 50,
  /** Small ones cost nothing worth a decision. */
  bytes: 1024 * 1024,
});

/**
 * A btree that is the rest of a longer one after its first column, of which there are few values: PostgreSQL 18 finds
 * equal rows through the longer one by skipping from value to value. It does not deliver them in order, so this is for
 * a person to judge.
 */
export const skipScanSubsumed: Check = {
  id: 'skip-scan-subsumed',
  title: 'Index that a skip scan of another one could replace',
  severity: 'notice',
  async run(context) {
    if (context.serverVersion < FIRST_VERSION) return { findings: [], unseen: [], conclusive: false };
    const shapes = await context.readShapes();
    const declared = new Set(context.declaredIndexes.map(({ name }) => name));
    const duplicates = findDuplicates(shapes, declared).map(({ surplus }) => surplus);
    const candidates = shapes.filter(
      (index) =>
        isDispensable(index) && !index.unique && index.bytes >= LIMITS.bytes && !duplicates.includes(index),
    );
    const findings = [];
    for (const index of candidates) {
      const longer = shapes.find((other) => endsWith(other, index));
      const lead = longer?.keys[0]?.column;
      if (longer === undefined || lead === undefined || lead === null) continue;
      const values = await readDistinctValues(context, index, lead);
      if (values === null || values > LIMITS.leadingValues) continue;
      findings.push({
        object: `${index.schema}.${index.name}`,
        subject: { schema: index.schema, table: index.table, index: index.name },
        message:
          `${longer.name} has the same keys behind "${lead}", of which there are ${renderCount(values)} values, so ` +
          `that a skip scan finds equal rows without this index; it takes ${renderBytes(index.bytes)}. ` +
          'Keep it if queries want rows in its order.',
        mend: [],
        figures: { bytes: index.bytes, longerIndex: longer.name, leadingValues: values },
      });
    }
    return { findings, unseen: [] };
  },
};

function endsWith(longer: IndexShape, index: IndexShape): boolean {
  const rest = longer.keys.slice(1, index.keys.length + 1);
  return (
    longer.valid &&
    longer.method === 'btree' &&
    index.method === 'btree' &&
    longer.schema === index.schema &&
    longer.table === index.table &&
    rest.length === index.keys.length &&
    rest.every((key, at) => isSameKey(key, index.keys[at] as (typeof rest)[number])) &&
    carries(longer, index) &&
    longer.predicate === index.predicate
  );
}

/** How many values the column has by the statistics; null where there are none, or the number grows with the table. */
async function readDistinctValues(
  { runner }: CheckContext,
  { schema, table }: IndexShape,
  column: string,
): Promise<number | null> {
  const [row]: { values: number }[] = await runner.query(
    `select n_distinct::float8 as values
     from pg_stats
     where schemaname = $1 and tablename = $2 and attname = $3 and n_distinct > 0
     order by inherited desc
     limit 1`,
    [schema, table, column],
  );
  return row?.values ?? null;
}
