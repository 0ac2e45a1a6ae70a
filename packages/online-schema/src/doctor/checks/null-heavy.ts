import type { QueryRunner } from 'typeorm';
import { readIndexes } from '../../catalog/read-indexes';
import { temporaryName } from '../../migration/temporary-name';
import { quoteIdentifier, quoteQualified } from '../../specification/identifier';
import { renderCreateIndex, renderDropIndex } from '../../specification/render-index';
import type { Check, Finding } from '../check';
import { explainHidden } from '../explain-hidden';
import { renderBytes, renderShare } from '../quantity';
import type { IndexShape } from '../read-index-shapes';
import { readTableStatistics } from '../read-table-statistics';
import { mendByReplacement } from '../render-mend';

const LIMITS = Object.freeze({ nullFraction: 0.8, savedBytes: 1024 * 1024 });

/** Equal keys of an index of one column share one, unless it is unique; each further row costs its address, and what pages keep free. */
const BYTES_PER_EQUAL_KEY = 7;

/** A btree that mostly holds NULLs, which hardly anybody looks for. */
export const nullHeavy: Check = {
  id: 'null-heavy',
  title: 'Index that mostly holds NULLs',
  severity: 'notice',
  async run({ runner, schemas, readShapes, declarations }) {
    const shapes = (await readShapes()).filter(isCandidate);
    if (shapes.length === 0) return { findings: [], unseen: [] };
    const statistics = await readTableStatistics(runner, schemas);
    const findings: Finding[] = [];
    const hidden: string[] = [];
    for (const index of shapes) {
      const table = statistics.get(quoteQualified(index.schema, index.table));
      const column = index.keys[0]?.column ?? '';
      const nullFraction = table?.columns[column]?.nullFraction;
      if (table === undefined || nullFraction === undefined) {
        if (table?.hidden) hidden.push(`${index.schema}.${index.table}`);
        continue;
      }
      const savedBytes = savedBy(index, nullFraction, table.rows ?? 0);
      if (nullFraction < LIMITS.nullFraction || savedBytes < LIMITS.savedBytes) continue;
      findings.push({
        object: `${index.schema}.${index.name}`,
        subject: { schema: index.schema, table: index.table, index: index.name },
        message:
          `${renderShare(nullFraction)} of the rows have no "${column}": with WHERE ${quoteIdentifier(column)} IS NOT ` +
          `NULL it would be about ${renderBytes(savedBytes)} smaller than its ${renderBytes(index.bytes)}, and writes ` +
          'of the other rows would not touch it. Unless somebody looks for the NULLs, sorts all rows by it, or names ' +
          'its columns in ON CONFLICT.',
        ...mendByReplacement(await renderReplacement(runner, index, column), {
          entity: declarations.ofIndex(index),
          change: `Add where: '${quoteIdentifier(column)} IS NOT NULL' to index ${index.name}`,
        }),
        figures: { column, nullFraction, bytes: index.bytes, savedBytes },
      });
    }
    return { findings, unseen: explainHidden(hidden) };
  },
};

/** Not where the predicate would change what the index is for: a rule about NULLs, a constraint, a foreign key, an identity, the order of CLUSTER. */
function isCandidate(index: IndexShape): boolean {
  return (
    index.method === 'btree' &&
    index.valid &&
    !index.attached &&
    index.predicate === null &&
    index.constraint === null &&
    !index.nullsNotDistinct &&
    index.referencedBy === 0 &&
    !index.replicaIdentity &&
    !index.clustered &&
    index.keys[0]?.nullable === true
  );
}

/** It leans low: an index that was never deduplicated, or is bloated, would shrink by more. */
function savedBy(index: IndexShape, nullFraction: number, rows: number): number {
  const share = index.bytes * nullFraction;
  const deduplicated = !index.unique && index.keys.length === 1 && index.include.length === 0;
  return deduplicated ? Math.min(share, rows * nullFraction * BYTES_PER_EQUAL_KEY) : share;
}

async function renderReplacement(runner: QueryRunner, index: IndexShape, column: string): Promise<string[]> {
  const [definition] = await readIndexes(runner, { schema: index.schema, name: index.name });
  // ON CONFLICT with its columns alone would find no rule any more, and every such write fail.
  if (definition === undefined || index.partitioned || index.unique) return [];
  const name = temporaryName(index.name, 'new');
  const where = `${quoteIdentifier(column)} is not null`;
  return [
    renderCreateIndex({ ...definition, name, where }, { concurrently: true }),
    renderDropIndex(index),
    `ALTER INDEX ${quoteQualified(index.schema, name)} RENAME TO ${quoteIdentifier(index.name)}`,
  ];
}
