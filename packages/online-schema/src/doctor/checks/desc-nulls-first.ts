import { quoteIdentifier } from '../../specification/identifier';
import type { Check, Finding } from '../check';
import type { Declarations } from '../entity-declarations';
import { excludeEachOther } from '../prove';
import { renderBytes } from '../quantity';
import type { IndexShape } from '../read-index-shapes';
import { tellChange } from '../render-mend';

/**
 * DESC puts NULLs first unless the index says otherwise. Who asks for the newest rows writes NULLS LAST, and that order
 * the index does not have.
 */
export const descNullsFirst: Check = {
  id: 'desc-nulls-first',
  title: 'Descending key with NULLs first',
  severity: 'warning',
  async run({ runner, readShapes, declarations }) {
    const findings: Finding[] = [];
    const unseen: string[] = [];
    for (const index of await readShapes()) {
      if (!index.valid || index.attached) continue;
      for (const key of index.keys) {
        const { column } = key;
        if (column === null || !key.nullable || !key.descending || !key.nullsFirst) continue;
        const object = `${index.schema}.${index.name}`;
        if (index.predicate !== null) {
          const conditions = [index.predicate, `${quoteIdentifier(column)} is null`];
          const proven = await excludeEachOther(runner, index, conditions);
          if (proven === true) continue;
          if (proven === undefined) {
            unseen.push(
              `Whether NULLs of "${column}" are in ${object} takes SELECT on ${index.schema}.${index.table}.`,
            );
            continue;
          }
        }
        findings.push({
          object,
          subject: { schema: index.schema, table: index.table, index: index.name },
          message:
            `"${column}" may be NULL and is descending with NULLs first: ORDER BY ${quoteIdentifier(column)} DESC ` +
            `NULLS LAST, which is what asks for the newest rows, cannot use the ${renderBytes(index.bytes)} of it. ` +
            'Make it NULLS LAST, or the column NOT NULL.',
          mend: [],
          ...changeOf(index, column, declarations),
          figures: { column, bytes: index.bytes },
        });
      }
    }
    return { findings, unseen };
  },
};

function changeOf(index: IndexShape, column: string, declarations: Declarations): Pick<Finding, 'change'> {
  const entity = declarations.ofIndex(index);
  if (entity === undefined) return {};
  const [property] = entity.propertiesOf([column]);
  return {
    change: tellChange(
      `Write the key of index ${index.name} of ${entity.name} as desc('${property}', { nulls: 'LAST' })`,
    ),
  };
}
