import type { QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import { readNameOwners } from '../catalog/read-name-owners';
import { readTable } from '../catalog/read-table';
import { runBriefly } from '../recipes/run-briefly';
import type { CatalogIndex, IndexDefinition } from '../specification/index-definition';
import { renderRenameIndex } from '../specification/render-index';
import { refuseTransaction } from './concurrent-session';
import { ensureIndex } from './ensure-index';
import { MigrationError } from './migration-error';
import { withMigrationLock } from './migration-lock';
import { refuseCutName } from './refuse-cut-name';
import { runOf } from './run-context';
import { tellNotice } from './steps';

/** Which index: without `schema` one of a table that is found on the search path. */
export interface RenamedIndex {
  readonly schema?: string | undefined;
  readonly table: string;
  readonly from: string;
  readonly to: string;
  /** What the index is. Default: whatever it is, and then one of the two names must be there. */
  readonly definition?: Omit<IndexDefinition, 'schema' | 'table' | 'name'> | undefined;
}

/**
 * Afterwards the table's index `from` is called `to`; nothing is built, and readers and writers of the table were never
 * blocked. One that is called so already is fine: a migration that failed half-way must get through.
 *
 * With a `definition` it gets through on a database that never had `from` too, or has both, as an index that somebody has
 * made by hand on one of them: `to` is ensured as by `ensureIndex`, and what is left under `from` is told and stays.
 *
 * Names are all that it looks at without one: of a chain (b to c, then a to b) or an exchange of names each renaming needs a
 * migration of its own, since one that is run again from its start would take the second for the first.
 *
 * @throws MigrationError HOLDFAST_INDEX_NAME_TAKEN while both are there, or `to` is something else;
 * HOLDFAST_INDEX_MISSING while neither is; HOLDFAST_INDEX_OF_CONSTRAINT for one that would rename a constraint;
 * HOLDFAST_INDEX_NAME_TOO_LONG for a name that PostgreSQL would cut. With a `definition`, what `ensureIndex` throws.
 */
export async function renameIndex(runner: QueryRunner, index: RenamedIndex): Promise<void> {
  const { schema, table, from, to, definition } = index;
  refuseCutName({ name: to, table });
  if (definition !== undefined) refuseTransaction(runner);
  await withMigrationLock(runner, async () => {
    const place = await readTable(runner, { schema, table });
    if (place === undefined) throw missing(index, `there is no table ${table}`);
    const find = async (name: string) =>
      (await readIndexes(runner, { schema: place.schema, tables: [table], name }))[0];
    const existing = await find(from);
    const isThere = (await find(to)) !== undefined;
    if (existing === undefined && !isThere && definition === undefined)
      throw missing(index, `${table} has no index of either name`);
    if (existing !== undefined && !(isThere && definition !== undefined)) {
      await rename(runner, place.schema, existing, to);
      // What comes after it in a dry run would not find it.
      if (runOf(runner).recorder !== undefined) return;
    }
    if (definition === undefined) return;
    await ensureIndex(runner, { ...definition, schema, table, name: to });
    if (existing !== undefined && isThere)
      tellNotice(runner, to, `index ${from} of ${table} was to be called so, and is there beside it`);
  });
}

async function rename(
  runner: QueryRunner,
  schema: string,
  { name: from, table, constraint }: CatalogIndex,
  to: string,
): Promise<void> {
  if (constraint !== null) {
    throw new MigrationError(
      'HOLDFAST_INDEX_OF_CONSTRAINT',
      `index ${from} cannot be called ${to}: it belongs to constraint ${constraint} of ${table}, which would be renamed with it`,
    );
  }
  const [owner] = await readNameOwners(runner, [{ schema, name: to }]);
  if (owner !== undefined) {
    const what = owner.table === null ? owner.kind : `an index of ${owner.table}`;
    throw new MigrationError(
      'HOLDFAST_INDEX_NAME_TAKEN',
      `index ${from} of ${table} cannot be called ${to}: that is ${what}; drop or rename one of the two`,
    );
  }
  await runBriefly(runner, 'rename index', to, renderRenameIndex(schema, from, to));
}

function missing({ from, to }: RenamedIndex, reason: string): MigrationError {
  return new MigrationError('HOLDFAST_INDEX_MISSING', `index ${from} cannot be called ${to}: ${reason}`);
}
