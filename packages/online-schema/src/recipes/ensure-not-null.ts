import type { QueryRunner } from 'typeorm';
import type { CatalogTable } from '../catalog/read-table';
import { MigrationError } from '../migration/migration-error';
import { quoteIdentifier } from '../specification/identifier';
import { dropIfThere, ensureConstraint } from './constraint-steps';
import { notNullCheckName } from './not-null-check-name';
import { onTable } from './on-table';
import type { ColumnTarget } from './recipe-definitions';
import { renderAddCheck, renderDropConstraint, renderDropNotNull, renderSetNotNull } from './render-recipe';
import { describeNulls } from './render-violation';
import { runBriefly } from './run-briefly';

/**
 * Afterwards the column is NOT NULL. A check that says the same is added `NOT VALID` and validated while everybody
 * reads and writes; with it, SET NOT NULL is an instant, and the check goes again. Reverted by `dropNotNull`.
 *
 * It looks before it acts, so that it may be run again after any failure.
 *
 * @throws MigrationError inside a transaction; HOLDFAST_CONSTRAINT_VIOLATED when a row has a NULL, in which case nothing
 * is left, and the message has the query that lists the rows and the `backfill` to put before it.
 */
export async function ensureNotNull(runner: QueryRunner, target: ColumnTarget): Promise<void> {
  await onTable(runner, target, async (table, column) => {
    const name = notNullCheckName(column);
    const check = { ...column, name, expression: `${quoteIdentifier(column.column)} IS NOT NULL` };
    if (await isNullable(runner, table, column)) {
      await ensureConstraint(runner, table, check, {
        type: 'c',
        // What a run that was killed left may be about a column that has had another name since.
        isSame: ({ columns }) => columns.length === 1 && columns[0] === column.column,
        renderAdd: (as) => renderAddCheck({ ...check, name: as }),
        describe: () => describeNulls(column, target),
        isScaffold: true,
      });
      await runBriefly(runner, 'set not null', nameOf(column), renderSetNotNull(column));
      await runBriefly(runner, 'drop constraint', name, renderDropConstraint(check));
    } else {
      await dropIfThere(runner, table, check);
    }
  });
}

/** Afterwards the column takes NULL. */
export async function dropNotNull(runner: QueryRunner, target: ColumnTarget): Promise<void> {
  await onTable(runner, target, async (table, column) => {
    await dropIfThere(runner, table, { ...column, name: notNullCheckName(column) });
    if (await isNullable(runner, table, column)) return;
    await runBriefly(runner, 'drop not null', nameOf(column), renderDropNotNull(column));
  });
}

async function isNullable(
  runner: QueryRunner,
  { oid, schema, name }: CatalogTable,
  { column }: ColumnTarget,
): Promise<boolean> {
  // From 18 on a column may be marked NOT NULL by a constraint that is not validated.
  const rows: { nullable: boolean }[] = await runner.query(
    `select not a.attnotnull or exists (
         select 1 from pg_constraint c
         where c.conrelid = a.attrelid and c.contype = 'n' and c.conkey = array[a.attnum] and not c.convalidated
       ) as nullable
     from pg_attribute a
     where a.attrelid = $1 and a.attname = $2 and a.attnum > 0 and not a.attisdropped`,
    [oid, column],
  );
  const [row] = rows;
  if (row !== undefined) return row.nullable;
  throw new MigrationError('HOLDFAST_COLUMN_MISSING', `there is no column ${column} in ${schema}.${name}`);
}

function nameOf({ table, column }: ColumnTarget): string {
  return `${table}.${column}`;
}
