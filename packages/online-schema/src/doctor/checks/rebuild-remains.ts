import { temporaryName } from '../../migration/temporary-name';
import { renderDropIndex } from '../../specification/render-index';
import type { Check, CheckContext, Finding } from '../check';
import { renderBytes } from '../quantity';
import { describeBuild, readBrokenIndexes } from '../read-broken-indexes';
import type { IndexShape } from '../read-index-shapes';
import { renderCluster } from '../render-mend';

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
async function findReplacementRemains({ readShapes, declaredIndexes }: CheckContext): Promise<Finding[]> {
  const temporary = new Map(
    declaredIndexes.flatMap(({ name }) =>
      (['new', 'old'] as const).map((role) => [temporaryName(name, role), name] as const),
    ),
  );
  const shapes = await readShapes();
  return shapes
    .filter(({ name, valid }) => valid && temporary.has(name))
    .map((index) => {
      const successor = shapes.find(
        ({ schema, table, name, valid }) =>
          valid && schema === index.schema && table === index.table && name === temporary.get(index.name),
      );
      return {
        object: `${index.schema}.${index.name}`,
        subject: { schema: index.schema, table: index.table, index: index.name },
        message:
          `A replacement of ${temporary.get(index.name)} was interrupted: holdfast migrate finishes it or removes this; ` +
          `until then it takes ${renderBytes(index.bytes)} and part of every write to ${index.table}.` +
          explainUse(index, successor),
        mend: successor === undefined || isInUse(index) ? [] : renderDrop(index, successor),
        figures: { bytes: index.bytes, ready: true },
      };
    });
}

/** With the one by which a publication tells rows apart, every UPDATE and DELETE of the table would fail. */
function isInUse({ replicaIdentity, referencedBy }: IndexShape): boolean {
  return replicaIdentity || referencedBy > 0;
}

function explainUse(index: IndexShape, successor: IndexShape | undefined): string {
  if (successor === undefined) return ' Nothing else is there in its place, so that it is not to be dropped.';
  if (index.replicaIdentity) {
    return ' It is the replica identity of the table: name another one first, with ALTER TABLE … REPLICA IDENTITY.';
  }
  if (index.referencedBy > 0) return ' A foreign key refers to it, and has to refer to another one first.';
  return index.clustered ? ` CLUSTER sorts ${index.table} by it.` : '';
}

/** CLUSTER sorts by a whole btree or gist only. */
function renderDrop(index: IndexShape, { name, method, predicate }: IndexShape): string[] {
  const canSort = predicate === null && (method === 'btree' || method === 'gist');
  return [...(index.clustered && canSort ? [renderCluster(index, name)] : []), renderDropIndex(index)];
}
