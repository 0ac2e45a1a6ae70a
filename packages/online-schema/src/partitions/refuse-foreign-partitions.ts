import type { QueryRunner } from 'typeorm';
import type { CatalogTable } from '../catalog/read-table';
import { MigrationError } from '../migration/migration-error';
import type { IndexDefinition } from '../specification/index-definition';
import { readPartitions } from './read-partitions';

/**
 * Lets pass only a table without foreign partitions. PostgreSQL counts those too when it looks whether every partition
 * has its index, and they can have none, so that an index which is completed step by step never becomes valid.
 */
export async function refuseForeignPartitions(
  runner: QueryRunner,
  table: CatalogTable,
  { name }: Pick<IndexDefinition, 'name'>,
): Promise<void> {
  const foreign = (await readPartitions(runner, table, name)).filter((partition) => partition.foreign);
  if (foreign.length === 0) return;
  throw new MigrationError(
    'HOLDFAST_INDEX_ON_PARTITIONED_TABLE',
    `index ${name} cannot be completed step by step on ${table.schema}.${table.name}: its partitions ` +
      `${foreign.map((partition) => partition.name).join(', ')} are foreign tables, to which no index can be attached; ` +
      'build it concurrently on each of the others, then run CREATE INDEX (not ON ONLY) on the parent, which attaches ' +
      'what it finds there; a unique index PostgreSQL refuses',
  );
}
