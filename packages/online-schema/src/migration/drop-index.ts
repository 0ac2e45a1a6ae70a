import type { QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import { readTable } from '../catalog/read-table';
import type { IndexDefinition } from '../specification/index-definition';
import { renderDropIndex } from '../specification/render-index';
import { refusePartitioned, refuseTransaction, runConcurrently } from './concurrent-session';
import { withMigrationLock } from './migration-lock';
import { runStep } from './steps';

/** Which index: without `schema` and `table` the first of that name on the search path, as in `DROP INDEX`. */
export interface DroppedIndex extends Pick<IndexDefinition, 'schema' | 'name'> {
  /** Only an index of this table, so that no other schema's index of the same name is taken for it. */
  readonly table?: string | undefined;
}

/**
 * Afterwards the index does not exist; readers and writers of its table were never blocked. An index that is
 * gone already is fine: the revert of a migration that failed half-way must get through.
 *
 * @throws MigrationError inside a transaction, or for an index of a partitioned table.
 */
export async function dropIndex(runner: QueryRunner, index: DroppedIndex): Promise<void> {
  refuseTransaction(runner);
  const { schema, table, name } = index;
  await withMigrationLock(runner, {}, async () => {
    const [existing] = await readIndexes(runner, {
      schema,
      name,
      ...(table !== undefined && { tables: [table] }),
    });
    const owner = existing && (await readTable(runner, existing));
    if (existing === undefined || owner === undefined) return;
    refusePartitioned(owner, 'DROP', name);
    await runStep(runner, 'drop index', name, () =>
      runConcurrently(runner, owner, renderDropIndex(existing)),
    );
  });
}
