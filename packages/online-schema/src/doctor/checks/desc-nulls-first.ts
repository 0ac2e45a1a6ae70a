import { quoteIdentifier } from '../../specification/identifier';
import type { Check, Finding } from '../check';
import { excludeEachOther } from '../prove';
import { renderBytes } from '../quantity';
import { readIndexShapes } from '../read-index-shapes';

/**
 * DESC puts NULLs first unless the index says otherwise. Who asks for the newest rows writes NULLS LAST, and that order
 * the index does not have.
 */
export const descNullsFirst: Check = {
  id: 'desc-nulls-first',
  title: 'Descending key with NULLs first',
  severity: 'warning',
  async run({ runner, schemas }) {
    const findings: Finding[] = [];
    const unseen: string[] = [];
    for (const index of await readIndexShapes(runner, schemas)) {
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
            'Declare it with NULLS LAST, or the column as NOT NULL.',
          mend: [],
          figures: { column, bytes: index.bytes },
        });
      }
    }
    return { findings, unseen };
  },
};
