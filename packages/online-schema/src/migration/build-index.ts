import type { QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import type { CatalogTable } from '../catalog/read-table';
import type { CatalogIndex, IndexDefinition } from '../specification/index-definition';
import { renderCreateIndex } from '../specification/render-index';
import { reasonOf } from '../text/reason-of';
import { isAbortError, throwIfAborted } from './abortable-wait';
import { dropConcurrently, runConcurrently } from './concurrent-session';
import { MigrationError } from './migration-error';
import { preflight } from './preflight';
import { uninterrupted } from './run-context';
import { tellNotice } from './steps';
import { waitForBuilds } from './wait-for-builds';

/**
 * Afterwards the index exists and is valid; if the build fails or is stopped, nothing invalid is left, unless the
 * connection went with it.
 *
 * @throws MigrationError HOLDFAST_INDEX_BUILD_FAILED, or HOLDFAST_INDEX_DUPLICATES before anything is built.
 */
export async function buildIndex(
  runner: QueryRunner,
  table: CatalogTable,
  definition: IndexDefinition,
): Promise<void> {
  const { name } = definition;
  await preflight(runner, table, definition);
  try {
    await runConcurrently(runner, table, renderCreateIndex(definition, { concurrently: true }));
  } catch (error) {
    // Nothing was sent yet.
    if (isAbortError(error)) throw error;
    const cleared = await uninterrupted(runner, () => dropInvalid(runner, table, name)).then(
      () => '',
      () => '; what is left of it the next run clears away',
    );
    if (cleared !== '') tellNotice(runner, name, `the build was ended${cleared}`);
    throwIfAborted(runner);
    const reason = reasonOf(error);
    throw new MigrationError(
      'HOLDFAST_INDEX_BUILD_FAILED',
      `index ${name} on ${table.name} was not built: ${reason}${cleared}`,
      { cause: error },
    );
  }
  const built = await readIndex(runner, table, name);
  if (built === undefined || !isUsable(built)) {
    await uninterrupted(runner, () => dropInvalid(runner, table, name));
    throw new MigrationError(
      'HOLDFAST_INDEX_BUILD_FAILED',
      `index ${name} on ${table.name} was built but is not valid`,
    );
  }
}

/** The index of that name in the table's schema, after the end of whatever build of it is under way. */
export async function readSettledIndex(
  runner: QueryRunner,
  table: CatalogTable,
  name: string,
): Promise<CatalogIndex | undefined> {
  const seen = await readIndex(runner, table, name);
  if (seen !== undefined && isUsable(seen)) return seen;
  await waitForBuilds(runner, table);
  return readIndex(runner, table, name);
}

/** Whether queries use the index and writes maintain it. */
export function isUsable({ valid, ready }: CatalogIndex): boolean {
  return valid && ready;
}

async function dropInvalid(runner: QueryRunner, table: CatalogTable, name: string): Promise<void> {
  const remains = await readSettledIndex(runner, table, name);
  if (remains === undefined || isUsable(remains) || remains.table !== table.name) return;
  await dropConcurrently(runner, table, remains);
}

// An index is always in the schema of its table, wherever that stands on the search path.
async function readIndex(
  runner: QueryRunner,
  { schema }: CatalogTable,
  name: string,
): Promise<CatalogIndex | undefined> {
  return (await readIndexes(runner, { schema, name }))[0];
}
