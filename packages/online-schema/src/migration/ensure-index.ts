import type { QueryRunner } from 'typeorm';
import { type CatalogTable, readTable } from '../catalog/read-table';
import { ensurePartitionedIndex } from '../partitions/ensure-partitioned-index';
import { refuseAttached } from '../partitions/refuse-attached';
import { lockOn } from '../plan/locks';
import type { StepLock } from '../plan/plan-step';
import type { IndexDefinition } from '../specification/index-definition';
import { renderCreateIndex } from '../specification/render-index';
import { buildIndex, isUsable, readSettledIndex } from './build-index';
import { dropConcurrently, refuseTransaction } from './concurrent-session';
import { ensureExtension } from './ensure-extension';
import { isDefinedAs, refuseForeign } from './existing-index';
import { MigrationError } from './migration-error';
import { withMigrationLock } from './migration-lock';
import { noteEnsureIndex } from './note-index';
import { refuseCutName } from './refuse-cut-name';
import { refuseInUse } from './refuse-in-use';
import { dropLeftovers, replaceIndex } from './replace-index';
import { runOf } from './run-context';
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
 * On a partitioned table, one is built concurrently on each partition and attached, in any number of attempts.
 *
 * @throws MigrationError inside a transaction, for a name that PostgreSQL would cut, when the build fails (nothing invalid is left, but for the incomplete
 * index of a partitioned table, which the next run completes), or when the name belongs to another table, to a
 * constraint, or to a part of the index of a partitioned table.
 */
export async function ensureIndex(runner: QueryRunner, definition: IndexDefinition): Promise<void> {
  refuseTransaction(runner);
  refuseCutName(definition);
  const { recorder } = runOf(runner);
  if (recorder !== undefined) return noteEnsureIndex(runner, recorder, definition);
  await withMigrationLock(runner, async () => {
    for (const extension of definition.requires ?? []) await ensureExtension(runner, extension);
    const table = await findTable(runner, definition);
    const located = { ...definition, schema: table.schema };
    await (table.partitioned ? ensurePartitionedIndex : ensureOnTable)(runner, table, located);
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
    const statement = renderCreateIndex(definition, { concurrently: true });
    const build = () => buildIndex(runner, table, definition);
    await runStep(runner, 'build index', name, build, statement, buildLock(table));
    return;
  }
  refuseForeign(existing, definition);
  if (!isUsable(existing)) {
    await refuseAttached(runner, existing);
    const rebuild = async () => {
      await dropConcurrently(runner, table, existing);
      await buildIndex(runner, table, definition);
    };
    await runStep(runner, 'rebuild index', name, rebuild, undefined, buildLock(table));
  } else if (await isDefinedAs(runner, definition, existing)) {
    await runStep(runner, 'keep index', name, async () => undefined);
  } else {
    await refuseAttached(runner, existing);
    await refuseInUse(runner, existing);
    const replace = () => replaceIndex(runner, table, definition);
    await runStep(runner, 'replace index', name, replace, undefined, buildLock(table));
  }
}

/** Of whatever is done CONCURRENTLY: readers and writers go on. */
function buildLock({ schema, name }: CatalogTable): StepLock {
  return lockOn(`${schema}.${name}`, 'ShareUpdateExclusiveLock', 'a build');
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
