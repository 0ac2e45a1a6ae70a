import type { QueryRunner } from 'typeorm';
import { ensureConstraint } from './constraint-steps';
import { onTable, requireTable } from './on-table';
import type { ForeignKeyDefinition } from './recipe-definitions';
import { renderAddForeignKey } from './render-recipe';
import { describeOrphans } from './render-violation';
import { isSameForeignKey } from './same-constraint';

/**
 * Afterwards the table has the foreign key, every row has been checked, and it is what the definition says. It is
 * added `NOT VALID`, which stops the writers of both tables for an instant, and validated while everybody writes. One
 * of another definition is replaced, and guards the table until the new one does. Reverted by `dropConstraint`.
 *
 * It looks before it acts, so that it may be run again after any failure.
 *
 * @throws MigrationError inside a transaction; HOLDFAST_CONSTRAINT_VIOLATED when a row points nowhere, in which case
 * nothing that this run added is left.
 */
export async function ensureForeignKey(runner: QueryRunner, definition: ForeignKeyDefinition): Promise<void> {
  await onTable(runner, definition, async (table, target) => {
    const referenced = await requireTable(runner, definition.references);
    const wanted = { ...target, references: { ...target.references, schema: referenced.schema } };
    await ensureConstraint(runner, table, wanted, {
      type: 'f',
      isSame: (existing) => isSameForeignKey(existing, wanted, referenced.oid),
      renderAdd: (name) => renderAddForeignKey({ ...wanted, name }),
      describe: () => describeOrphans(wanted),
    });
  });
}
