import { temporaryName } from '../../migration/temporary-name';
import { renderDropIndex } from '../../specification/render-index';
import type { Check, CheckContext, Finding } from '../check';
import { renderBytes } from '../quantity';
import { describeBuild, readBrokenIndexes } from '../read-broken-indexes';
import { readIndexShapes } from '../read-index-shapes';

/** What an interrupted REINDEX CONCURRENTLY or an interrupted replacement of an index left behind. */
export const rebuildRemains: Check = {
  id: 'rebuild-remains',
  title: 'Remains of an interrupted rebuild',
  severity: 'warning',
  async run(context) {
    const broken = await readBrokenIndexes(context.runner, context.schemas);
    const remains = broken.filter((index) => index.rebuildRemains);
    return {
      findings: [
        ...remains
          .filter(({ builderPid }) => builderPid === null)
          .map((index) => ({
            object: `${index.schema}.${index.name}`,
            subject: { schema: index.ownerSchema, table: index.ownerTable, index: index.name },
            message:
              `An interrupted REINDEX CONCURRENTLY left it: no query uses it, ` +
              `${index.ready ? `every write to ${index.ownerTable} maintains it` : 'no write maintains it'}, ` +
              `and it takes ${renderBytes(index.bytes)}.`,
            mend: [renderDropIndex(index)],
            figures: { bytes: index.bytes, ready: index.ready },
          })),
        ...(await findReplacementRemains(context)),
      ],
      unseen: remains.filter(({ builderPid }) => builderPid !== null).map(describeBuild),
    };
  },
};

/** Valid, and so maintained by every write, but under the name of a replacement that was not brought to its end. */
async function findReplacementRemains({
  runner,
  schemas,
  declaredIndexes,
}: CheckContext): Promise<Finding[]> {
  const temporary = new Map(
    declaredIndexes.flatMap(({ name }) =>
      (['new', 'old'] as const).map((role) => [temporaryName(name, role), name] as const),
    ),
  );
  const shapes = await readIndexShapes(runner, schemas);
  return shapes
    .filter(({ name, valid }) => valid && temporary.has(name))
    .map((index) => {
      const isReplaced = shapes.some(
        ({ schema, table, name, valid }) =>
          valid && schema === index.schema && table === index.table && name === temporary.get(index.name),
      );
      return {
        object: `${index.schema}.${index.name}`,
        subject: { schema: index.schema, table: index.table, index: index.name },
        message:
          `A replacement of ${temporary.get(index.name)} was interrupted: holdfast migrate finishes it or removes this; ` +
          `until then it takes ${renderBytes(index.bytes)} and part of every write to ${index.table}.` +
          `${isReplaced ? '' : ' Nothing else is there in its place, so that it is not to be dropped.'}`,
        mend: isReplaced ? [renderDropIndex(index)] : [],
        figures: { bytes: index.bytes, ready: true },
      };
    });
}
