import type { Check } from '../check';
import { tellClustered } from '../find-duplicates';
import { findPrefixes } from '../find-prefixes';
import { renderBytes } from '../quantity';
import { mendByRemoval } from '../render-mend';

/**
 * A btree whose keys are the first ones of a longer btree: whatever it is used for, the longer one serves as well. Each
 * key is compared with its operator class, collation and order; the predicates must be the same, and it must not be
 * unique, since the longer one would not enforce that.
 */
export const prefixRedundant: Check = {
  id: 'prefix-redundant',
  title: 'Index that is the beginning of another one',
  severity: 'warning',
  async run({ readShapes, declaredIndexes, declarations }) {
    const shapes = await readShapes();
    const declared = new Set(declaredIndexes.map(({ name }) => name));
    const findings = findPrefixes(shapes, declared).map(({ surplus, kept }) => ({
      object: `${surplus.schema}.${surplus.name}`,
      subject: { schema: surplus.schema, table: surplus.table, index: surplus.name },
      message:
        `${kept.name} begins with the same keys and can be read in place of this index; ` +
        `it takes ${renderBytes(surplus.bytes)} and part of every write to ${surplus.table}, ` +
        `the longer one has ${renderBytes(kept.bytes)}.${tellClustered(surplus)}`,
      ...mendByRemoval(surplus, declarations, kept),
      figures: { bytes: surplus.bytes, longerIndex: kept.name, longerBytes: kept.bytes },
    }));
    return { findings, unseen: [] };
  },
};
