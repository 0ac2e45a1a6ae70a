import type { QueryRunner } from 'typeorm';
import { dropIndex } from '../migration/drop-index';
import { ensureIndex } from '../migration/ensure-index';
import { inTransaction } from '../migration/in-transaction';
import { refuseInUse } from '../migration/refuse-in-use';
import { runStep } from '../migration/steps';
import { temporaryName } from '../migration/temporary-name';
import { quoteIdentifier } from '../specification/identifier';
import { refuseOtherType } from './constraint-steps';
import { onTable } from './on-table';
import { readConstraint } from './read-constraint';
import type { UniqueDefinition } from './recipe-definitions';
import { renderAddUnique, renderDropConstraint } from './render-recipe';
import { isSameUnique } from './same-constraint';

/**
 * Afterwards the table has the unique constraint. Its index is built concurrently, and then, in an instant, made the
 * constraint's. One of another definition is replaced, and guards the table until then. Reverted by `dropConstraint`.
 *
 * It looks before it acts, so that it may be run again after any failure.
 *
 * @throws MigrationError inside a transaction; HOLDFAST_INDEX_BUILD_FAILED when two rows are equal, in which case nothing
 * is left; HOLDFAST_INDEX_IN_USE when it would replace one that a foreign key refers to, before anything is built.
 */
export async function ensureUnique(runner: QueryRunner, definition: UniqueDefinition): Promise<void> {
  await onTable(runner, definition, async (table, target) => {
    const { name } = target;
    const existing = await readConstraint(runner, table, name);
    if (existing !== undefined) refuseOtherType(table, existing, 'u');
    const incoming = temporaryName(name, 'new');
    if (existing !== undefined && isSameUnique(existing, target)) {
      await dropIndex(runner, { schema: table.schema, table: table.name, name: incoming });
      return;
    }
    if (existing !== undefined) await refuseInUse(runner, { schema: table.schema, table: table.name, name });
    const index = existing === undefined ? name : incoming;
    await ensureIndex(runner, {
      schema: table.schema,
      table: table.name,
      name: index,
      keys: target.columns.map(quoteIdentifier),
      unique: true,
    });
    await runStep(runner, existing === undefined ? 'add constraint' : 'replace constraint', name, () =>
      inTransaction(runner, async () => {
        if (existing !== undefined) await runner.query(renderDropConstraint(target));
        await runner.query(renderAddUnique(target, index));
      }),
    );
  });
}
