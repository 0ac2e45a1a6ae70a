import type { QueryRunner } from 'typeorm';
import { compareIndexes } from '../catalog/compare-indexes';
import { readIndexes } from '../catalog/read-indexes';
import { buildIndex, isUsable, readSettledIndex } from '../migration/build-index';
import { dropConcurrently } from '../migration/concurrent-session';
import { refuseForeign } from '../migration/existing-index';
import { withLockRetry } from '../migration/lock-retry';
import { runStep } from '../migration/steps';
import { waitForBuilds } from '../migration/wait-for-builds';
import { rebuildConcurrently } from '../reindex/rebuild-concurrently';
import type { CatalogIndex, IndexDefinition } from '../specification/index-definition';
import { renderCreateIndex } from '../specification/render-index';
import { attachIndex } from './attach-index';
import { dropPartitionedIndex } from './drop-partitioned-index';
import { partitionIndexName } from './partition-index-name';
import type { IndexName, Partition } from './read-partitions';

/**
 * Afterwards an index of the partition is attached to the index of the table above it, which exists. It is the one
 * that is equal to `parent`, whatever it is called, or else a new one. That of a partition that is partitioned itself
 * is empty until those below are attached to it.
 */
export async function ensurePartitionIndex(
  runner: QueryRunner,
  partition: Partition,
  definition: IndexDefinition,
  parent: CatalogIndex,
): Promise<void> {
  const { above, index } = partition;
  if (above === null) return;
  if (index !== null) {
    await runStep(runner, 'rebuild index', index.name, () => rebuildConcurrently(runner, partition, index));
    return;
  }
  const name = partitionIndexName(partition, definition);
  const equal = await findEqual(runner, partition, parent, name);
  if (equal === undefined) {
    const own = { ...definition, schema: partition.schema, table: partition.name, name };
    await runStep(runner, 'build index', name, () => build(runner, partition, own));
  }
  await attachIndex(runner, above, equal ?? { schema: partition.schema, name });
}

/** An index of the partition that only needs to be attached; if there are several, the one that has our name. */
async function findEqual(
  runner: QueryRunner,
  partition: Partition,
  parent: CatalogIndex,
  name: string,
): Promise<IndexName | undefined> {
  const read = async () => {
    const indexes = await readIndexes(runner, { schema: partition.schema, tables: [partition.name] });
    return indexes.filter(
      (index) =>
        !index.attached &&
        index.constraint === null &&
        compareIndexes({ ...parent, table: partition.name }, index).length === 0,
    );
  };
  const isDone = (index: CatalogIndex) => partition.partitioned || isUsable(index);
  let equal = await read();
  if (!equal.every(isDone)) {
    // One that is not valid may be under way.
    await waitForBuilds(runner, partition);
    equal = await read();
  }
  const done = equal.filter(isDone);
  return done.find((index) => index.name === name) ?? done[0];
}

/** Whatever has the name and is not equal is what a run that was killed has left of another build. */
async function build(runner: QueryRunner, partition: Partition, definition: IndexDefinition): Promise<void> {
  const { name } = definition;
  const remains = await readSettledIndex(runner, partition, name);
  if (remains !== undefined) refuseForeign(remains, definition);
  if (partition.partitioned) {
    await dropPartitionedIndex(runner, partition, name);
    const statement = renderCreateIndex(definition, { only: true });
    await withLockRetry(runner, name, () => runner.query(statement));
    return;
  }
  if (remains !== undefined) await dropConcurrently(runner, partition, remains);
  await buildIndex(runner, partition, definition);
}
