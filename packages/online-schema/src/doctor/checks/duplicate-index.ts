import type { Check } from '../check';
import { findDuplicates, tellClustered } from '../find-duplicates';
import { renderBytes } from '../quantity';
import { mendByRemoval } from '../render-mend';

/** Two indexes that do the same: every write pays for both, no query gains from the second. */
export const duplicateIndex: Check = {
  id: 'duplicate-index',
  title: 'Index that another one duplicates',
  severity: 'warning',
  async run({ readShapes, declaredIndexes, declarations }) {
    const shapes = await readShapes();
    const declared = new Set(declaredIndexes.map(({ name }) => name));
    const findings = findDuplicates(shapes, declared).map(({ surplus, kept }) => ({
      object: `${surplus.schema}.${surplus.name}`,
      subject: { schema: surplus.schema, table: surplus.table, index: surplus.name },
      message:
        `${kept.name} has the same keys and does all that this index does; ` +
        `it takes ${renderBytes(surplus.bytes)} and part of every write to ${surplus.table}.` +
        `${surplus.constraint === null ? '' : ' See first that no statement names the constraint in ON CONFLICT ON CONSTRAINT.'}` +
        tellClustered(surplus),
      ...mendByRemoval(surplus, declarations, kept),
      figures: { bytes: surplus.bytes, keptIndex: kept.name, keptBytes: kept.bytes },
    }));
    return { findings, unseen: [] };
  },
};
