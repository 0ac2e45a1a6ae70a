import { quoteQualified } from '../../specification/identifier';
import type { Check, Finding } from '../check';
import { explainHidden } from '../explain-hidden';
import { readForeignKeys, servesForeignKey } from '../foreign-keys';
import { renderBytes, renderCount, renderShare } from '../quantity';
import type { IndexShape } from '../read-index-shapes';
import { type ColumnStatistics, readTableStatistics } from '../read-table-statistics';

const LIMITS = Object.freeze({
  /** A smaller table is read as fast as an index of it. */
  rows: 10_000,
  /** Of the rows: an index is hardly quicker than the table for so many. */
  share: 0.05,
});

/**
 * A btree whose keys have so few values, all of them frequent, that no query can be selective by it. It leans towards
 * silence: a key of which nothing is known may be selective, and a value that no row has at the moment may be what is
 * asked for, which is why a single value says nothing.
 */
export const lowCardinalityLead: Check = {
  id: 'low-cardinality-lead',
  title: 'Index on few and frequent values',
  severity: 'notice',
  async run({ runner, schemas, readShapes }) {
    const shapes = (await readShapes()).filter(isCandidate);
    if (shapes.length === 0) return { findings: [], unseen: [] };
    const statistics = await readTableStatistics(runner, schemas);
    const foreignKeys = await readForeignKeys(runner, schemas);
    const findings: Finding[] = [];
    const hidden: string[] = [];
    for (const index of shapes) {
      const table = statistics.get(quoteQualified(index.schema, index.table));
      if (table === undefined || (table.rows ?? 0) < LIMITS.rows) continue;
      const columns = index.keys.map(({ column }) => table.columns[column ?? '']);
      if (table.hidden && columns.includes(undefined)) hidden.push(`${index.schema}.${index.table}`);
      const rarest = rarestOf(columns);
      if (rarest === undefined || rarest.combinations < 2 || rarest.share < LIMITS.share) continue;
      let serves = false;
      for (const key of foreignKeys) serves ||= (await servesForeignKey(runner, index, key)) === true;
      if (!serves) findings.push(toFinding(index, { ...rarest, rows: table.rows ?? 0 }));
    }
    return { findings, unseen: explainHidden(hidden) };
  },
};

/**
 * Not a unique one, which enforces a rule; not one that CLUSTER sorts by, which is good for more than to find rows; not a partial one, of whose rows the statistics tell nothing; not one that
 * carries columns, which may answer without the table; and a column each, since only those have statistics at hand.
 */
function isCandidate(index: IndexShape): boolean {
  return (
    index.method === 'btree' &&
    index.valid &&
    !index.unique &&
    !index.clustered &&
    !index.attached &&
    index.constraint === null &&
    index.predicate === null &&
    index.include.length === 0 &&
    index.keys.every(({ column }) => column !== null)
  );
}

interface Rarest {
  /** Share of the rows that the rarest value or combination of values has. */
  readonly share: number;
  readonly combinations: number;
}

/** The rarest combination, as if the columns were independent; undefined where one may have rare values. */
function rarestOf(columns: readonly (ColumnStatistics | undefined)[]): Rarest | undefined {
  let share = 1;
  let combinations = 1;
  for (const column of columns) {
    const rarest = column && rarestValue(column);
    if (rarest === undefined) return undefined;
    share *= rarest.share;
    combinations *= rarest.combinations;
  }
  return { share, combinations };
}

function rarestValue({ nullFraction, distinct, frequencies }: ColumnStatistics): Rarest | undefined {
  // A share of the rows, which grows with the table.
  if (distinct < 0) return undefined;
  const common = frequencies ?? [];
  const known = common.reduce((sum, frequency) => sum + frequency, 0);
  const others = Math.round(distinct) - common.length;
  const shares = [
    ...common,
    ...(others > 0 ? [(1 - nullFraction - known) / others] : []),
    ...(nullFraction > 0 ? [nullFraction] : []),
  ];
  return shares.length === 0 ? undefined : { share: Math.min(...shares), combinations: shares.length };
}

function toFinding(index: IndexShape, { share, combinations, rows }: Rarest & { rows: number }): Finding {
  const keys = index.keys.map(({ text }) => text).join(', ');
  return {
    object: `${index.schema}.${index.name}`,
    subject: { schema: index.schema, table: index.table, index: index.name },
    message:
      `${keys} has ${combinations} values${index.keys.length > 1 ? ' in combination' : ''}, and the rarest of them ` +
      `${renderShare(share)} of ${renderCount(rows)} rows: whichever is asked for, reading the table is as quick, and ` +
      `${renderBytes(index.bytes)} are kept up to date for it. Drop it, add a selective key, or make it partial.`,
    mend: [],
    figures: { keys, combinations, rarestShare: share, rows, bytes: index.bytes },
  };
}
