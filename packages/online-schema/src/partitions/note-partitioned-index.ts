import type { QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import type { CatalogTable } from '../catalog/read-table';
import type { StatementRecorder } from '../migration/run-context';
import { temporaryName } from '../migration/temporary-name';
import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import type { IndexDefinition } from '../specification/index-definition';
import { renderCreateIndex } from '../specification/render-index';
import { renderAttach } from './attach-index';
import { partitionIndexName } from './partition-index-name';
import { type IndexName, isSettled, readPartitions } from './read-partitions';
import { refuseForeignPartitions } from './refuse-foreign-partitions';

/**
 * Notes what `ensureIndex` would send for the index of a partitioned table, for a dry run.
 *
 * @param isKept whether an index of that name exists and is as defined.
 */
export async function notePartitionedIndex(
  runner: QueryRunner,
  recorder: StatementRecorder,
  table: CatalogTable,
  definition: IndexDefinition,
  isKept: boolean,
): Promise<void> {
  const { schema } = table;
  const { name } = definition;
  const [existing] = await readIndexes(runner, { schema, tables: [table.name], name });
  if (existing === undefined || isKept) {
    await noteBuild(runner, recorder, table, definition, name);
    return;
  }
  const [incoming, outgoing] = [temporaryName(name, 'new'), temporaryName(name, 'old')];
  await noteBuild(runner, recorder, table, definition, incoming);
  for (const [from, to] of [
    [name, outgoing],
    [incoming, name],
  ] as const)
    recorder.record(`ALTER INDEX ${quoteQualified(schema, from)} RENAME TO ${quoteIdentifier(to)}`);
  recorder.record(`DROP INDEX ${quoteQualified(schema, outgoing)}`);
}

async function noteBuild(
  runner: QueryRunner,
  recorder: StatementRecorder,
  table: CatalogTable,
  definition: IndexDefinition,
  name: string,
): Promise<void> {
  const partitions = await readPartitions(runner, table, name);
  const open = partitions.filter((partition) => !isSettled(partition) && !partition.foreign);
  const [parent] = await readIndexes(runner, { schema: table.schema, tables: [table.name], name });
  if (parent !== undefined && open.length === 0) return;
  await refuseForeignPartitions(runner, table, definition);
  if (parent === undefined)
    recorder.record(renderCreateIndex({ ...definition, schema: table.schema, name }, { only: true }));
  const made = new Map<number, IndexName>([[table.oid, { schema: table.schema, name }]]);
  for (const partition of partitions) {
    const { oid, index } = partition;
    made.set(oid, index ?? { schema: partition.schema, name: partitionIndexName(partition, definition) });
  }
  for (const { oid, schema, name: partition, parent: above, index, partitioned } of open) {
    const [own, whole] = [made.get(oid), made.get(above)];
    if (own === undefined || whole === undefined) continue;
    if (index !== null) {
      recorder.record(`REINDEX INDEX CONCURRENTLY ${quoteQualified(index.schema, index.name)}`);
      continue;
    }
    const located = { ...definition, schema, table: partition, name: own.name };
    recorder.record(renderCreateIndex(located, partitioned ? { only: true } : { concurrently: true }));
    recorder.record(renderAttach(whole, own));
  }
  if (open.length > 0)
    recorder.note(
      `index ${definition.name}: what is equal on a partition already is attached, and not built again`,
    );
}
