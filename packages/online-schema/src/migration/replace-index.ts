import type { QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import type { CatalogTable } from '../catalog/read-table';
import type { IndexDefinition } from '../specification/index-definition';
import { renderRenameIndex } from '../specification/render-index';
import { buildIndex } from './build-index';
import { dropConcurrently } from './concurrent-session';
import { inTransaction } from './in-transaction';
import { uninterrupted } from './run-context';
import { runStep } from './steps';
import { temporaryName } from './temporary-name';

/** Builds the new index, swaps the names, drops the old one: at every moment one of the two is there and valid. */
export async function replaceIndex(
  runner: QueryRunner,
  table: CatalogTable,
  definition: IndexDefinition,
): Promise<void> {
  const { schema } = table;
  const { name } = definition;
  const incoming = temporaryName(name, 'new');
  const outgoing = temporaryName(name, 'old');
  await buildIndex(runner, table, { ...definition, name: incoming });
  try {
    await inTransaction(runner, async () => {
      await runner.query(renderRenameIndex(schema, name, outgoing));
      await runner.query(renderRenameIndex(schema, incoming, name));
    });
  } catch (error) {
    const clear = () => dropConcurrently(runner, table, { schema, name: incoming });
    await uninterrupted(runner, clear).catch(() => undefined);
    throw error;
  }
  await uninterrupted(runner, () => dropConcurrently(runner, table, { schema, name: outgoing }));
}

/** Drops what an interrupted replacement left under a name of ours: built and not swapped in, or swapped out. */
export async function dropLeftovers(runner: QueryRunner, table: CatalogTable, name: string): Promise<void> {
  for (const role of ['new', 'old'] as const) {
    const [leftover] = await readIndexes(runner, {
      schema: table.schema,
      tables: [table.name],
      name: temporaryName(name, role),
    });
    if (leftover !== undefined) {
      await runStep(runner, 'drop index', leftover.name, () => dropConcurrently(runner, table, leftover));
    }
  }
}
