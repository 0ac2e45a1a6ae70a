import type { QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import type { CatalogTable } from '../catalog/read-table';
import { dropConcurrently } from '../migration/concurrent-session';
import { inTransaction } from '../migration/in-transaction';
import { runOf } from '../migration/run-context';
import { quoteQualified } from '../specification/identifier';
import { lockTables } from './lock-tables';
import { isPartitionIndexName } from './partition-index-name';
import { type Partition, readPartitions } from './read-partitions';

/**
 * Afterwards neither the partitioned index exists nor any that is attached to it. PostgreSQL can drop it only with
 * readers and writers of every partition locked out: for an instant, and whoever is in the way is not waited for
 * longer than a short lock timeout at a time.
 */
export async function dropPartitionedIndex(
  runner: QueryRunner,
  table: CatalogTable,
  name: string,
): Promise<void> {
  const { length } = await readIndexes(runner, { schema: table.schema, tables: [table.name], name });
  if (length === 0) return;
  const statement = `DROP INDEX ${quoteQualified(table.schema, name)}`;
  const { recorder } = runOf(runner);
  if (recorder !== undefined) return recorder.record(statement);
  await inTransaction(runner, async () => {
    await lockTables(runner, table);
    await runner.query(statement);
  });
}

/** Drops, concurrently, what runs that were killed have built on partitions for the index and not attached to it. */
export async function dropPartitionRemains(
  runner: QueryRunner,
  table: CatalogTable,
  name: string,
): Promise<void> {
  const partitions = await readPartitions(runner, table, name);
  for (const { schema, table: owner, index } of await readUnattached(runner, partitions)) {
    const partition = partitions.find((one) => one.schema === schema && one.name === owner);
    if (partition === undefined || !isPartitionIndexName(partition, name, index)) continue;
    await dropConcurrently(runner, partition, { schema, name: index });
  }
}

interface Unattached {
  readonly schema: string;
  readonly table: string;
  readonly index: string;
}

/** Indexes of the partitions that are nobody's part, and no constraint's. */
async function readUnattached(runner: QueryRunner, partitions: readonly Partition[]): Promise<Unattached[]> {
  return runner.query(
    `select n.nspname as schema, t.relname as table, i.relname as index
     from pg_index x
     join pg_class i on i.oid = x.indexrelid
     join pg_class t on t.oid = x.indrelid
     join pg_namespace n on n.oid = t.relnamespace
     where x.indrelid = any ($1) and i.relkind = 'i' and not i.relispartition
       and not exists (select 1 from pg_constraint c where c.conindid = i.oid and c.contype in ('p', 'u', 'x'))
     order by 1, 2, 3`,
    [partitions.map(({ oid }) => oid)],
  );
}
