import type { QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import type { IndexDefinition } from '../specification/index-definition';
import { renderDropIndex } from '../specification/render-index';
import { refuseTransaction, runConcurrently } from './concurrent-session';
import { runStep } from './steps';

/**
 * Afterwards the index does not exist; readers and writers of its table were never blocked. An index that is
 * gone already is fine: the revert of a migration that failed half-way must get through.
 *
 * @throws MigrationError inside a transaction.
 */
export async function dropIndex(
  runner: QueryRunner,
  index: Pick<IndexDefinition, 'schema' | 'name'>,
): Promise<void> {
  refuseTransaction(runner);
  const [existing] = await readIndexes(runner, { schema: index.schema, name: index.name });
  if (existing === undefined) return;
  await runStep(runner, 'drop index', index.name, () => runConcurrently(runner, renderDropIndex(existing)));
}
