import type { QueryRunner } from 'typeorm';
import { withLockRetry } from '../migration/lock-retry';
import { quoteQualified } from '../specification/identifier';
import type { IndexName } from './read-partitions';

/**
 * Afterwards the index of the partition is part of the index of the table above it, which has become valid if it was
 * the last. It needs an exclusive lock on the partition's index, so whoever plans or runs a query there is in its way.
 */
export async function attachIndex(runner: QueryRunner, above: IndexName, index: IndexName): Promise<void> {
  await withLockRetry(runner, index.name, () => runner.query(renderAttach(above, index)));
}

/** One `ALTER INDEX ... ATTACH PARTITION`. */
export function renderAttach(above: IndexName, index: IndexName): string {
  const parent = quoteQualified(above.schema, above.name);
  return `ALTER INDEX ${parent} ATTACH PARTITION ${quoteQualified(index.schema, index.name)}`;
}
