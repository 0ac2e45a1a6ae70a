import type { QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import { readTable } from '../catalog/read-table';
import { dropPartitionedIndex, dropPartitionRemains } from '../partitions/drop-partitioned-index';
import { refuseAttached } from '../partitions/refuse-attached';
import type { IndexDefinition } from '../specification/index-definition';
import { renderDropIndex } from '../specification/render-index';
import { dropConcurrently, refuseTransaction } from './concurrent-session';
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
 * That of a partitioned table goes with all that is attached to it, for which its readers and writers are locked out
 * for an instant; what runs that were killed have built for it goes too.
 *
 * @throws MigrationError inside a transaction, or for a part of the index of a partitioned table.
 */
export async function dropIndex(runner: QueryRunner, index: DroppedIndex): Promise<void> {
  refuseTransaction(runner);
  const { schema, table, name } = index;
  await withMigrationLock(runner, async () => {
    const [existing] = await readIndexes(runner, {
      schema,
      name,
      ...(table !== undefined && { tables: [table] }),
    });
    const place = existing ?? (table === undefined ? undefined : { schema, table });
    const owner = place && (await readTable(runner, place));
    if (owner === undefined) return;
    if (owner.partitioned) await dropPartitionRemains(runner, owner, name);
    if (existing === undefined) return;
    if (!owner.partitioned) await refuseAttached(runner, existing);
    const drop = () =>
      owner.partitioned
        ? dropPartitionedIndex(runner, owner, name)
        : dropConcurrently(runner, owner, existing);
    const statement = owner.partitioned ? undefined : renderDropIndex(existing);
    await runStep(runner, 'drop index', name, drop, statement);
  });
}
