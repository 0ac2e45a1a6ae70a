import type { QueryRunner } from 'typeorm';
import { runOf } from '../migration/run-context';
import { canonicaliseCheck } from './canonicalise-check';
import { ensureConstraint } from './constraint-steps';
import { onTable } from './on-table';
import type { CheckDefinition } from './recipe-definitions';
import { renderAddCheck } from './render-recipe';
import { describeFailures } from './render-violation';

/**
 * Afterwards the table has the check constraint, every row has been checked, and it says what the definition says.
 * It is added `NOT VALID`, an instant, and validated while everybody reads and writes. Reverted by `dropConstraint`.
 *
 * It looks before it acts, so that it may be run again after any failure.
 *
 * @throws MigrationError inside a transaction; HOLDFAST_CONSTRAINT_VIOLATED when a row breaks it, in which case nothing
 * that this run added is left.
 */
export async function ensureCheck(runner: QueryRunner, definition: CheckDefinition): Promise<void> {
  await onTable(runner, definition, async (table, target) => {
    await ensureConstraint(runner, table, target, {
      type: 'c',
      isSame: async (existing) => {
        const { recorder } = runOf(runner);
        const canonicalise = () => canonicaliseCheck(runner, target);
        const expression = await (recorder === undefined ? canonicalise() : recorder.look(canonicalise));
        return existing.expression === expression;
      },
      renderAdd: (name) => renderAddCheck({ ...target, name }),
      describe: (columns) => describeFailures(target, columns),
    });
  });
}
