import type { Check, Finding } from '../check';
import { renderBytes } from '../quantity';
import { type BrokenIndex, describeBuild, readBrokenIndexes } from '../read-broken-indexes';
import { renderRebuild } from '../render-mend';

/** An index that no query may use and every write has to maintain; a unique one even refuses rows. */
export const invalidIndex: Check = {
  id: 'invalid-index',
  title: 'Invalid index that writes pay for',
  severity: 'critical',
  async run({ runner, schemas }) {
    const all = await readBrokenIndexes(runner, schemas);
    const broken = all.filter(({ ready, live, rebuildRemains }) => ready && live && !rebuildRemains);
    return {
      findings: broken.filter(({ builderPid }) => builderPid === null).map(toFinding),
      unseen: broken.filter(({ builderPid }) => builderPid !== null).map(describeBuild),
    };
  },
};

function toFinding(index: BrokenIndex): Finding {
  const { schema, table, name, unique, bytes, partitioned } = index;
  return {
    object: `${schema}.${name}`,
    subject: { schema: index.ownerSchema, table: index.ownerTable, index: name },
    message: partitioned
      ? 'Not every partition has an index attached to it, so that no query of the whole table may rely on it' +
        `${unique ? ' and no foreign key may refer to it' : ''}. ` +
        'Build the missing ones and attach them, as holdfast migrate does.'
      : `Its build was interrupted: no query uses it, every write to ${table} maintains its ${renderBytes(bytes)}` +
        `${unique ? ', and it refuses rows as a unique index does' : ''}.`,
    mend: partitioned ? [] : [renderRebuild(index)],
    figures: { bytes, unique, partitioned },
    // Nothing is wrong with the rows, and nothing is paid for it yet.
    ...(partitioned && { severity: 'warning' as const }),
  };
}
