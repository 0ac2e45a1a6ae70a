import type { QueryRunner } from 'typeorm';
import { canonicalise } from '../catalog/canonicalise';
import { compareIndexes } from '../catalog/compare-indexes';
import { type CatalogTable, readTable } from '../catalog/read-table';
import type { CatalogIndex, IndexDefinition } from '../specification/index-definition';
import { renderDropIndex } from '../specification/render-index';
import { buildIndex, isUsable, readSettledIndex } from './build-index';
import { refusePartitioned, refuseTransaction, runConcurrently } from './concurrent-session';
import { ensureExtension } from './ensure-extension';
import { MigrationError } from './migration-error';
import { withMigrationLock } from './migration-lock';
import { dropLeftovers, replaceIndex } from './replace-index';
import { runStep } from './steps';

/**
 * Afterwards the index exists, is valid, and is what the definition says; writers were never blocked.
 *
 * It looks before it acts, so it may be run again after any failure: a valid index of the same definition is
 * kept, an invalid one (a cancelled or failed build) is rebuilt, and a valid one of another definition is
 * replaced: the new one is built first, then the names are swapped, then the old one is dropped.
 *
 * Of several runs at once one works and the others wait for it, whichever command started them. The build of
 * somebody else, or of a runner that was killed, is waited for and kept.
 *
 * @throws MigrationError inside a transaction, when the build fails (nothing invalid is left), when the name
 * belongs to another table or to a constraint, or when there is something to build on a partitioned table.
 */
export async function ensureIndex(runner: QueryRunner, definition: IndexDefinition): Promise<void> {
  refuseTransaction(runner);
  await withMigrationLock(runner, {}, async () => {
    for (const extension of definition.requires ?? []) await ensureExtension(runner, extension);
    const table = await findTable(runner, definition);
    await ensureOnTable(runner, table, { ...definition, schema: table.schema });
  });
}

async function ensureOnTable(
  runner: QueryRunner,
  table: CatalogTable,
  definition: IndexDefinition,
): Promise<void> {
  const { name } = definition;
  await dropLeftovers(runner, table, name);
  const existing = await readSettledIndex(runner, table, name);
  if (existing === undefined) {
    refusePartitioned(table, 'CREATE', name);
    await runStep(runner, 'build index', name, () => buildIndex(runner, table, definition));
    return;
  }
  refuseForeign(existing, definition);
  if (!isUsable(existing)) {
    refusePartitioned(table, 'CREATE', name);
    await runStep(runner, 'rebuild index', name, async () => {
      await runConcurrently(runner, table, renderDropIndex(existing));
      await buildIndex(runner, table, definition);
    });
  } else if (await isSame(runner, definition, existing)) {
    await runStep(runner, 'keep index', name, async () => undefined);
  } else {
    refusePartitioned(table, 'CREATE', name);
    await runStep(runner, 'replace index', name, () => replaceIndex(runner, table, definition));
  }
}

async function findTable(runner: QueryRunner, definition: IndexDefinition): Promise<CatalogTable> {
  const table = await readTable(runner, definition);
  if (table !== undefined) return table;
  const place = definition.schema === undefined ? 'on the search path' : `in schema ${definition.schema}`;
  throw new MigrationError(
    'HOLDFAST_INDEX_BUILD_FAILED',
    `index ${definition.name} on ${definition.table} was not built: there is no such table ${place}`,
  );
}

async function isSame(
  runner: QueryRunner,
  definition: IndexDefinition,
  existing: CatalogIndex,
): Promise<boolean> {
  const [canonical] = await canonicalise(runner, [definition]);
  if (canonical === undefined || 'refusal' in canonical) {
    throw new MigrationError(
      'HOLDFAST_INDEX_BUILD_FAILED',
      `index ${definition.name} cannot be built on ${definition.table}: ${canonical?.refusal.message}`,
      { cause: canonical?.refusal },
    );
  }
  return compareIndexes(canonical.index, existing).length === 0;
}

function refuseForeign(existing: CatalogIndex, { name, table }: IndexDefinition): void {
  if (existing.table !== table) {
    throw new MigrationError(
      'HOLDFAST_INDEX_NAME_TAKEN',
      `index ${name} exists on table ${existing.table}, not on ${table}; rename one of them`,
    );
  }
  if (existing.constraint !== null) {
    throw new MigrationError(
      'HOLDFAST_INDEX_OF_CONSTRAINT',
      `index ${name} belongs to constraint ${existing.constraint} of ${table}; give the index another name`,
    );
  }
}
