import type { QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import type { CatalogTable } from '../catalog/read-table';
import { isAbortError, throwIfAborted } from '../migration/abortable-wait';
import { isUsable } from '../migration/build-index';
import { runConcurrently } from '../migration/concurrent-session';
import { uninterrupted } from '../migration/run-context';
import { tellNotice } from '../migration/steps';
import { quoteQualified } from '../specification/identifier';
import { reasonOf } from '../text/reason-of';
import { dropRebuildRemains } from './rebuild-remains';
import { ReindexError } from './reindex-error';

/**
 * Afterwards the index of the table is built anew and valid, under the same name and as part of whatever it was part
 * of; nobody was locked out. What a run that was killed has left of it is gone, and so it is if this one fails.
 *
 * @throws ReindexError HOLDFAST_REINDEX_FAILED
 * @throws an AbortError when the run's signal aborts.
 */
export async function rebuildConcurrently(
  runner: QueryRunner,
  table: CatalogTable,
  { schema, name }: { readonly schema: string; readonly name: string },
): Promise<void> {
  await dropRebuildRemains(runner, table, name);
  try {
    await runConcurrently(runner, table, `REINDEX INDEX CONCURRENTLY ${quoteQualified(schema, name)}`);
  } catch (error) {
    // Nothing was sent yet.
    if (isAbortError(error)) throw error;
    const cleared = await uninterrupted(runner, () => dropRebuildRemains(runner, table, name)).then(
      () => '',
      () => '; what is left of the attempt the next one clears away',
    );
    if (cleared !== '') tellNotice(runner, name, `the rebuild was ended${cleared}`);
    throwIfAborted(runner);
    const reason = reasonOf(error);
    throw failed(schema, name, `was not rebuilt: ${reason}${cleared}`, { cause: error });
  }
  const [rebuilt] = await readIndexes(runner, { schema, name });
  if (rebuilt === undefined || !isUsable(rebuilt)) throw failed(schema, name, 'was rebuilt and is not valid');
}

function failed(schema: string, name: string, what: string, options?: ErrorOptions): ReindexError {
  const index = `${schema}.${name}`;
  return new ReindexError('HOLDFAST_REINDEX_FAILED', index, `index ${index} ${what}`, options);
}
