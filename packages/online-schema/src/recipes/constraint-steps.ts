import type { QueryRunner } from 'typeorm';
import type { CatalogTable } from '../catalog/read-table';
import { runConcurrently } from '../migration/concurrent-session';
import { inTransaction } from '../migration/in-transaction';
import { MigrationError } from '../migration/migration-error';
import { uninterrupted } from '../migration/run-context';
import { runStep } from '../migration/steps';
import { temporaryName } from '../migration/temporary-name';
import { type CatalogConstraint, readConstraint } from './read-constraint';
import type { ConstraintTarget } from './recipe-definitions';
import { renderDropConstraint, renderRenameConstraint, renderValidate } from './render-recipe';
import type { Violation } from './render-violation';
import { runBriefly } from './run-briefly';

/** What `ensureConstraint` must know about one kind of constraint. */
export interface ConstraintRecipe {
  readonly type: 'c' | 'f' | 'u';
  /** Whether the one in the catalog, valid or not, is the one that is wanted. */
  readonly isSame: (existing: CatalogConstraint) => boolean | Promise<boolean>;
  /** The statement that adds it NOT VALID, under this name. */
  readonly renderAdd: (name: string) => string;
  /** What to say when a row breaks it; of a check, with the columns that it reads. */
  readonly describe: (columns: readonly string[]) => Violation;
  /** Whether it serves the recipe alone, so that nobody relies on one that a run that was killed left. Default false. */
  readonly isScaffold?: boolean;
}

/**
 * Afterwards the constraint exists, is valid, and is the wanted one. Of what a run that was killed left, each part
 * is taken as it is: a constraint that is not valid yet is validated, one of another definition is replaced.
 *
 * While it is replaced, the table is guarded by the old one until the new one is valid.
 */
export async function ensureConstraint(
  runner: QueryRunner,
  table: CatalogTable,
  target: ConstraintTarget,
  recipe: ConstraintRecipe,
): Promise<void> {
  const { name } = target;
  const incoming = temporaryName(name, 'new');
  const existing = await readConstraint(runner, table, name);
  if (existing !== undefined) refuseOtherType(table, existing, recipe.type);
  if (existing === undefined || (await recipe.isSame(existing))) {
    await dropIfThere(runner, table, { ...target, name: incoming });
    await addAndValidate(runner, table, target, recipe, existing);
    return;
  }
  const next = await readConstraint(runner, table, incoming);
  // Left by a run that was killed, and perhaps of a declaration that has been edited since.
  const kept = next !== undefined && (await recipe.isSame(next)) ? next : undefined;
  if (next !== undefined && kept === undefined)
    await dropIfThere(runner, table, { ...target, name: incoming });
  await addAndValidate(runner, table, { ...target, name: incoming }, recipe, kept);
  await runStep(runner, 'replace constraint', name, () =>
    inTransaction(runner, async () => {
      await runner.query(renderDropConstraint(target));
      await runner.query(renderRenameConstraint({ ...target, name: incoming }, name));
    }),
  );
}

async function addAndValidate(
  runner: QueryRunner,
  table: CatalogTable,
  target: ConstraintTarget,
  recipe: ConstraintRecipe,
  existing: CatalogConstraint | undefined,
): Promise<void> {
  const { name } = target;
  if (existing?.validated) return;
  if (existing === undefined) {
    await runBriefly(runner, 'add constraint', name, recipe.renderAdd(name));
  }
  await validate(runner, table, target, recipe, existing === undefined || recipe.isScaffold === true);
}

/**
 * Afterwards the constraint is valid.
 *
 * @param goes Whether it is taken away again when it does not come to that, since this run has added it. One that was there
 * before stays: it has guarded the table against new rows of that kind, and somebody may rely on it.
 */
async function validate(
  runner: QueryRunner,
  table: CatalogTable,
  target: ConstraintTarget,
  recipe: ConstraintRecipe,
  goes: boolean,
): Promise<void> {
  const { name } = target;
  try {
    const statement = renderValidate(target);
    await runStep(
      runner,
      'validate constraint',
      name,
      () => runConcurrently(runner, table, statement),
      statement,
    );
  } catch (error) {
    // Whatever ended it, a run that is stopped leaves nothing half-done; where the connection is gone, the next one
    // goes on from here.
    const added = isViolation(error) ? await readConstraint(runner, table, name) : undefined;
    const isGone = goes && (await takeBack(runner, table, target));
    if (!isViolation(error)) throw error;
    const { finding, mend, query } = recipe.describe(added?.columns ?? []);
    const remains = isGone ? 'nothing of it is left' : `it stays there, NOT VALID`;
    throw new MigrationError(
      'HOLDFAST_CONSTRAINT_VIOLATED',
      `${finding}; ${remains}; ${mend}; to list them: ${query}`,
      { cause: error },
    );
  }
}

async function takeBack(
  runner: QueryRunner,
  table: CatalogTable,
  target: ConstraintTarget,
): Promise<boolean> {
  return uninterrupted(runner, () => dropIfThere(runner, table, target)).then(
    () => true,
    () => false,
  );
}

/** Drops the constraint if the table has it, without a lock queue behind the statement. */
export async function dropIfThere(
  runner: QueryRunner,
  table: CatalogTable,
  target: ConstraintTarget,
): Promise<void> {
  if ((await readConstraint(runner, table, target.name)) === undefined) return;
  await runBriefly(runner, 'drop constraint', target.name, renderDropConstraint(target));
}

/** @throws MigrationError when the name belongs to a constraint of another type. */
export function refuseOtherType(
  table: CatalogTable,
  existing: CatalogConstraint,
  wanted: ConstraintRecipe['type'],
): void {
  if (existing.type === wanted) return;
  throw new MigrationError(
    'HOLDFAST_CONSTRAINT_NAME_TAKEN',
    `${existing.name} is another kind of constraint of ${table.schema}.${table.name}; give one of them another name`,
  );
}

/** 23502 not null, 23503 foreign key, 23505 unique, 23514 check. */
function isViolation(error: unknown): boolean {
  const code = (error as { driverError?: { code?: unknown } } | undefined)?.driverError?.code;
  return typeof code === 'string' && ['23502', '23503', '23505', '23514'].includes(code);
}
