import type { QueryRunner } from 'typeorm';
import type { CatalogTable } from '../catalog/read-table';
import { sqlStateOf } from '../catalog/sqlstate';
import { dropIndex } from '../migration/drop-index';
import { ensureIndex } from '../migration/ensure-index';
import { inTransaction } from '../migration/in-transaction';
import { MigrationError } from '../migration/migration-error';
import { refuseInUse } from '../migration/refuse-in-use';
import { runStep } from '../migration/steps';
import { temporaryName } from '../migration/temporary-name';
import { quoteIdentifier, quoteQualified } from '../specification/identifier';
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
 * @throws MigrationError inside a transaction; HOLDFAST_CONSTRAINT_VIOLATED when two rows are equal, in which case nothing
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
    await namingConstraint(table, target, () =>
      ensureIndex(runner, {
        schema: table.schema,
        table: table.name,
        name: index,
        keys: target.columns.map(quoteIdentifier),
        unique: true,
      }),
    );
    await runStep(runner, existing === undefined ? 'add constraint' : 'replace constraint', name, () =>
      inTransaction(runner, async () => {
        if (existing !== undefined) await runner.query(renderDropConstraint(target));
        await runner.query(renderAddUnique(target, index));
      }),
    );
  });
}

/** Equal rows are told of the constraint: the index may be built under a name that nobody has declared. */
async function namingConstraint(
  table: CatalogTable,
  { name, columns }: UniqueDefinition,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isAboutEqualRows(error)) throw error;
    const keys = columns.map(quoteIdentifier);
    const filled = keys.map((key) => `${key} IS NOT NULL`).join(' AND ');
    throw new MigrationError(
      'HOLDFAST_CONSTRAINT_VIOLATED',
      `unique constraint ${name} of ${table.schema}.${table.name} (${columns.join(', ')}): there are rows with equal ` +
        'keys; nothing of it is left; mend the rows and run again; to list them: ' +
        `SELECT ${keys.join(', ')}, count(*) FROM ${quoteQualified(table.schema, table.name)} WHERE ${filled} ` +
        `GROUP BY ${keys.join(', ')} HAVING count(*) > 1`,
      { cause: error },
    );
  }
}

/** Found before the build, or by it. */
function isAboutEqualRows(error: unknown): boolean {
  if (!(error instanceof MigrationError)) return false;
  return error.code === 'HOLDFAST_INDEX_DUPLICATES' || sqlStateOf(error.cause) === '23505';
}
