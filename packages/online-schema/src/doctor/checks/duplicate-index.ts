import type { Check } from '../check';
import { findDuplicates } from '../find-duplicates';
import { renderBytes } from '../quantity';
import { readIndexShapes } from '../read-index-shapes';
import { renderRemoval } from '../render-mend';

/** Two indexes that do the same: every write pays for both, no query gains from the second. */
export const duplicateIndex: Check = {
  id: 'duplicate-index',
  title: 'Index that another one duplicates',
  severity: 'warning',
  async run({ runner, schemas, declaredIndexes }) {
    const shapes = await readIndexShapes(runner, schemas);
    const declared = new Set(declaredIndexes.map(({ name }) => name));
    const findings = findDuplicates(shapes, declared).map(({ surplus, kept }) => ({
      object: `${surplus.schema}.${surplus.name}`,
      subject: { schema: surplus.schema, table: surplus.table, index: surplus.name },
      message:
        `${kept.name} has the same keys and does all that this index does; ` +
        `it takes ${renderBytes(surplus.bytes)} and part of every write to ${surplus.table}.` +
        `${surplus.constraint === null ? '' : ' See first that no statement names the constraint in ON CONFLICT ON CONSTRAINT.'}`,
      mend: [renderRemoval(surplus)],
      figures: { bytes: surplus.bytes, keptIndex: kept.name, keptBytes: kept.bytes },
    }));
    return { findings, unseen: [] };
  },
};
