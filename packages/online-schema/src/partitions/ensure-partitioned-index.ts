import type { QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import type { CatalogTable } from '../catalog/read-table';
import { isDefinedAs, refuseForeign } from '../migration/existing-index';
import { inTransaction } from '../migration/in-transaction';
import { refuseInUse } from '../migration/refuse-in-use';
import { runStep } from '../migration/steps';
import { temporaryName } from '../migration/temporary-name';
import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import type { CatalogIndex, IndexDefinition } from '../specification/index-definition';
import { completeIndex } from './complete-index';
import { dropPartitionedIndex, dropPartitionRemains } from './drop-partitioned-index';
import { readPartitions } from './read-partitions';

/**
 * Afterwards the index exists on the partitioned table and on all of its partitions, is valid, and is what the
 * definition says. Nobody is locked out for longer than a lock timeout at a time: the index of the parent is made
 * empty, one is built concurrently on each partition and attached to it, and the last one makes the whole valid.
 *
 * What is there and equal is kept, on each partition by itself, so a run that was killed goes on where it stopped. An
 * index of another definition is replaced: the new one is complete before the names are swapped.
 *
 * @throws MigrationError when the build fails on a partition: what is built on the others stays for the next run.
 */
export async function ensurePartitionedIndex(
  runner: QueryRunner,
  table: CatalogTable,
  definition: IndexDefinition,
): Promise<void> {
  const { name } = definition;
  const incoming = temporaryName(name, 'new');
  const existing = await readParent(runner, table, name);
  if (existing !== undefined) refuseForeign(existing, definition);
  await dropLeftover(runner, table, temporaryName(name, 'old'));
  if (existing !== undefined && !(await isDefinedAs(runner, definition, existing))) {
    await refuseInUse(runner, existing);
    await runStep(runner, 'replace index', name, () => replaceIndex(runner, table, definition));
  } else {
    await dropLeftover(runner, table, incoming);
    if (existing === undefined) {
      await runStep(runner, 'build index', name, () => completeIndex(runner, table, definition, name));
    } else if (await isComplete(runner, table, existing)) {
      await runStep(runner, 'keep index', name, async () => undefined);
    } else {
      await runStep(runner, 'rebuild index', name, () => completeIndex(runner, table, definition, name));
    }
  }
  await dropPartitionRemains(runner, table, name);
}

/** Builds the new one beside the old one, swaps the names, drops the old one. */
async function replaceIndex(
  runner: QueryRunner,
  table: CatalogTable,
  definition: IndexDefinition,
): Promise<void> {
  const { schema } = table;
  const { name } = definition;
  const incoming = temporaryName(name, 'new');
  const outgoing = temporaryName(name, 'old');
  const begun = await readParent(runner, table, incoming);
  if (begun !== undefined && !(await isDefinedAs(runner, definition, begun))) {
    await dropPartitionedIndex(runner, table, incoming);
  }
  await completeIndex(runner, table, definition, incoming);
  await inTransaction(runner, async () => {
    await runner.query(`ALTER INDEX ${quoteQualified(schema, name)} RENAME TO ${quoteIdentifier(outgoing)}`);
    await runner.query(`ALTER INDEX ${quoteQualified(schema, incoming)} RENAME TO ${quoteIdentifier(name)}`);
  });
  await dropPartitionedIndex(runner, table, outgoing);
}

/** What an interrupted replacement left: not swapped in and no longer wanted, or swapped out. */
async function dropLeftover(runner: QueryRunner, table: CatalogTable, name: string): Promise<void> {
  const leftover = await readParent(runner, table, name);
  if (leftover === undefined || leftover.table !== table.name) return;
  await runStep(runner, 'drop index', name, () => dropPartitionedIndex(runner, table, name));
}

/** The flag of the parent alone would do, had nobody ever attached an index of a partition that was not valid. */
async function isComplete(
  runner: QueryRunner,
  table: CatalogTable,
  { valid, name }: CatalogIndex,
): Promise<boolean> {
  const partitions = await readPartitions(runner, table, name);
  return valid && partitions.every((partition) => partition.valid || partition.foreign);
}

async function readParent(
  runner: QueryRunner,
  { schema }: CatalogTable,
  name: string,
): Promise<CatalogIndex | undefined> {
  return (await readIndexes(runner, { schema, name }))[0];
}
