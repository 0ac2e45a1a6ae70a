import type { QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import type { CatalogTable } from '../catalog/read-table';
import { isAbortError } from '../migration/abortable-wait';
import { withLockRetry } from '../migration/lock-retry';
import { MigrationError } from '../migration/migration-error';
import { tellProgress } from '../migration/steps';
import type { CatalogIndex, IndexDefinition } from '../specification/index-definition';
import { renderCreateIndex } from '../specification/render-index';
import { reasonOf } from '../text/reason-of';
import { attachIndex } from './attach-index';
import { ensurePartitionIndex } from './ensure-partition-index';
import { isSettled, type Partition, readPartitions } from './read-partitions';
import { refuseForeignPartitions } from './refuse-foreign-partitions';

/**
 * Afterwards the partitioned index `name` exists and is valid, with an index on every partition.
 *
 * Partitions that are attached or created meanwhile get their index from PostgreSQL, which builds or adopts one of its
 * own for an index of the parent that is not complete yet, too; those that are detached or dropped are let go.
 */
export async function completeIndex(
  runner: QueryRunner,
  table: CatalogTable,
  definition: IndexDefinition,
  name: string,
): Promise<void> {
  await refuseForeignPartitions(runner, table, definition);
  const parent = await ensureParent(runner, table, definition, name);
  for (;;) {
    const partitions = await readPartitions(runner, table, name);
    tellCount(runner, definition.name, partitions);
    const next = partitions.find((partition) => partition.above !== null && !isSettled(partition));
    if (next !== undefined) {
      await onPartition(runner, table, name, next, () =>
        ensurePartitionIndex(runner, next, definition, parent),
      );
      continue;
    }
    const whole = await readParent(runner, table, name);
    if (whole === undefined) throw failed(definition, 'it was dropped or renamed meanwhile');
    if (whole.valid) return;
    await revalidate(runner, table, name, partitions);
  }
}

async function ensureParent(
  runner: QueryRunner,
  table: CatalogTable,
  definition: IndexDefinition,
  name: string,
): Promise<CatalogIndex> {
  const existing = await readParent(runner, table, name);
  if (existing !== undefined) return existing;
  const statement = renderCreateIndex({ ...definition, name }, { only: true });
  try {
    await withLockRetry(runner, definition.name, () => runner.query(statement));
  } catch (error) {
    if (isAbortError(error) || error instanceof MigrationError) throw error;
    throw failed(definition, reasonOf(error), error);
  }
  const created = await readParent(runner, table, name);
  if (created === undefined) throw failed(definition, 'it is not in the catalog');
  return created;
}

/** What goes wrong with a partition is nothing to us once it is none any more, or has its index from somebody else. */
async function onPartition(
  runner: QueryRunner,
  table: CatalogTable,
  name: string,
  { oid }: Partition,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const partitions = await readPartitions(runner, table, name).catch(() => undefined);
    const now = partitions?.find((partition) => partition.oid === oid);
    if (partitions === undefined || (now !== undefined && !isSettled(now))) throw error;
  }
}

/**
 * Lets PostgreSQL look again whether what is attached is complete. It looks when an index is attached only, so one
 * that was attached before it was valid is attached once more, which changes nothing else.
 */
async function revalidate(
  runner: QueryRunner,
  table: CatalogTable,
  name: string,
  partitions: readonly Partition[],
): Promise<void> {
  for (const { above, aboveValid, index } of partitions.toReversed()) {
    if (above !== null && index !== null && !aboveValid) await attachIndex(runner, above, index);
  }
  if ((await readParent(runner, table, name))?.valid !== false) return;
  const now = await readPartitions(runner, table, name);
  if (now.every(isSettled)) {
    throw failed(
      { name, table: table.name },
      'an index is attached for every partition, and it is not valid',
    );
  }
}

async function readParent(
  runner: QueryRunner,
  { schema, name: table }: CatalogTable,
  name: string,
): Promise<CatalogIndex | undefined> {
  return (await readIndexes(runner, { schema, tables: [table], name }))[0];
}

function tellCount(runner: QueryRunner, name: string, partitions: readonly Partition[]): void {
  const leaves = partitions.filter(({ partitioned }) => !partitioned);
  tellProgress(runner, name, {
    phase: 'building on each partition',
    done: leaves.filter(isSettled).length,
    total: leaves.length,
    unit: 'partitions',
    remainingMs: undefined,
  });
}

function failed({ name, table }: Pick<IndexDefinition, 'name' | 'table'>, reason: string, cause?: unknown) {
  return new MigrationError(
    'HOLDFAST_INDEX_BUILD_FAILED',
    `index ${name} on ${table} was not built: ${reason}`,
    cause === undefined ? {} : { cause },
  );
}
