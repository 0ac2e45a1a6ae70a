import type { QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import type { CatalogTable } from '../catalog/read-table';
import { dropIndex } from '../migration/drop-index';
import { temporaryName } from '../migration/temporary-name';
import { dropIfThere } from './constraint-steps';
import { onTable } from './on-table';
import { readConstraint } from './read-constraint';
import type { ConstraintTarget } from './recipe-definitions';

/**
 * Afterwards the table has no constraint of that name, nor an index that a half-done `ensureUnique` built for it. One
 * that is gone already is fine: the revert of a migration that failed half-way must get through.
 *
 * @throws MigrationError inside a transaction, or when there is no such table.
 */
export async function dropConstraint(runner: QueryRunner, target: ConstraintTarget): Promise<void> {
  await onTable(runner, target, async (table, resolved) => {
    const incoming = temporaryName(target.name, 'new');
    for (const name of [target.name, incoming]) {
      const existing = await readConstraint(runner, table, name);
      await dropIfThere(runner, table, { ...resolved, name });
      // A check or a foreign key may have the name of an index that has nothing to do with it.
      const mayHaveIndex = existing === undefined ? await isUnique(runner, table, name) : false;
      if (mayHaveIndex) await dropIndex(runner, { schema: table.schema, table: table.name, name });
    }
  });
}

async function isUnique(
  runner: QueryRunner,
  { schema, name: table }: CatalogTable,
  name: string,
): Promise<boolean> {
  const [index] = await readIndexes(runner, { schema, tables: [table], name });
  return index?.unique === true;
}
