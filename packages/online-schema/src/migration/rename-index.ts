import type { QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import { readNameOwners } from '../catalog/read-name-owners';
import { readTable } from '../catalog/read-table';
import { runBriefly } from '../recipes/run-briefly';
import { renderRenameIndex } from '../specification/render-index';
import { MigrationError } from './migration-error';
import { withMigrationLock } from './migration-lock';

/** Which index: without `schema` one of a table that is found on the search path. */
export interface RenamedIndex {
  readonly schema?: string | undefined;
  readonly table: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Afterwards the table's index `from` is called `to`; nothing is built, and readers and writers of the table were never
 * blocked. One that is called so already is fine: a migration that failed half-way must get through.
 *
 * @throws MigrationError HOLDFAST_INDEX_NAME_TAKEN while both are there, or `to` is something else;
 * HOLDFAST_INDEX_MISSING while neither is; HOLDFAST_INDEX_OF_CONSTRAINT for one that would rename a constraint.
 */
export async function renameIndex(runner: QueryRunner, index: RenamedIndex): Promise<void> {
  const { schema, table, from, to } = index;
  await withMigrationLock(runner, async () => {
    const place = await readTable(runner, { schema, table });
    if (place === undefined) throw missing(index, `there is no table ${table}`);
    const find = async (name: string) =>
      (await readIndexes(runner, { schema: place.schema, tables: [table], name }))[0];
    const existing = await find(from);
    if (existing === undefined) {
      if ((await find(to)) !== undefined) return;
      throw missing(index, `${table} has no index of either name`);
    }
    if (existing.constraint !== null) {
      throw new MigrationError(
        'HOLDFAST_INDEX_OF_CONSTRAINT',
        `index ${from} cannot be called ${to}: it belongs to constraint ${existing.constraint} of ${table}, which would be renamed with it`,
      );
    }
    const [owner] = await readNameOwners(runner, [{ schema: place.schema, name: to }]);
    if (owner !== undefined) {
      const what = owner.table === null ? owner.kind : `an index of ${owner.table}`;
      throw new MigrationError(
        'HOLDFAST_INDEX_NAME_TAKEN',
        `index ${from} of ${table} cannot be called ${to}: that is ${what}; drop or rename one of the two`,
      );
    }
    await runBriefly(runner, 'rename index', to, renderRenameIndex(place.schema, from, to));
  });
}

function missing({ from, to }: RenamedIndex, reason: string): MigrationError {
  return new MigrationError('HOLDFAST_INDEX_MISSING', `index ${from} cannot be called ${to}: ${reason}`);
}
