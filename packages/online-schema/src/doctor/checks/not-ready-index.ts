import { renderDropIndex } from '../../specification/render-index';
import type { Check, Finding } from '../check';
import { type BrokenIndex, describeBuild, readBrokenIndexes } from '../read-broken-indexes';
import { renderRebuild } from '../render-mend';

/** An index of which there is little more than the name: its build ended before writes maintained it, or its drop did not end. */
export const notReadyIndex: Check = {
  id: 'not-ready-index',
  title: 'Index that is not maintained',
  severity: 'warning',
  async run({ runner, schemas }) {
    const all = await readBrokenIndexes(runner, schemas);
    const broken = all.filter(({ ready, live, rebuildRemains }) => !(ready && live) && !rebuildRemains);
    return {
      findings: broken.filter(({ builderPid }) => builderPid === null).map(toFinding),
      unseen: broken.filter(({ builderPid }) => builderPid !== null).map(describeBuild),
    };
  },
};

function toFinding(index: BrokenIndex): Finding {
  const { schema, name, live, ready, bytes } = index;
  return {
    object: `${schema}.${name}`,
    subject: { schema: index.ownerSchema, table: index.ownerTable, index: name },
    message: live
      ? 'Its build was given up early: no query uses it and no write maintains it, but it has the name, and ' +
        'CREATE INDEX IF NOT EXISTS takes it for done.'
      : 'Its concurrent drop was interrupted: no query uses it any more, but it still has the name and the space.',
    mend: [live ? renderRebuild(index) : renderDropIndex(index)],
    figures: { bytes, live, ready },
  };
}
