import type { QueryRunner } from 'typeorm';
import { compareIndexes } from '../catalog/compare-indexes';
import { readIndexes } from '../catalog/read-indexes';
import type { CatalogTable } from '../catalog/read-table';
import { isUsable } from '../migration/build-index';
import { dropConcurrently } from '../migration/concurrent-session';
import { runStep } from '../migration/steps';
import { waitForBuilds } from '../migration/wait-for-builds';
import { MAX_IDENTIFIER_BYTES } from '../specification/identifier';
import type { CatalogIndex } from '../specification/index-definition';

/**
 * Afterwards nothing is left of a REINDEX CONCURRENTLY of the index that failed or was killed; one that is under way
 * is waited for. Remains are not valid, are defined as the index is, and have the name that PostgreSQL gives them:
 * an index of somebody who calls it so is valid.
 */
export async function dropRebuildRemains(
  runner: QueryRunner,
  table: CatalogTable,
  name: string,
): Promise<void> {
  if ((await readRemains(runner, table, name)).length === 0) return;
  await waitForBuilds(runner, table);
  for (const remains of await readRemains(runner, table, name)) {
    await runStep(runner, 'drop index', remains.name, () => dropConcurrently(runner, table, remains));
  }
}

/** As `dropRebuildRemains`, for every index of the schemas: what was rebuilt before the run was killed has remains as well. */
export async function dropAllRemains(runner: QueryRunner, schemas: readonly string[]): Promise<void> {
  const rows: { table: CatalogTable; indexes: string[] }[] = await runner.query(
    `select
       json_build_object('oid', t.oid::bigint, 'schema', n.nspname, 'name', t.relname, 'partitioned', false) as table,
       array_agg(i.relname::text order by i.relname) as indexes
     from pg_class t
     join pg_namespace n on n.oid = t.relnamespace
     join pg_index x on x.indrelid = t.oid
     join pg_class i on i.oid = x.indexrelid
     where n.nspname = any ($1) and t.relkind in ('r', 'm')
     group by t.oid, n.nspname, t.relname
     having bool_or(not x.indisvalid and i.relname ~ '_cc(new|old)\\d*$')
     order by n.nspname, t.relname`,
    [schemas],
  );
  for (const { table, indexes } of rows) {
    for (const name of indexes) await dropRebuildRemains(runner, table, name);
  }
}

async function readRemains(
  runner: QueryRunner,
  { schema, name: table }: CatalogTable,
  name: string,
): Promise<CatalogIndex[]> {
  const indexes = await readIndexes(runner, { schema, tables: [table] });
  const original = indexes.find((index) => index.name === name);
  if (original === undefined) return [];
  return indexes.filter(
    (index) =>
      !isUsable(index) &&
      index.constraint === null &&
      isRemainsName(index.name, name) &&
      compareIndexes(original, index).length === 0,
  );
}

/**
 * Whether PostgreSQL would call remains of the index so: `x_ccnew` or `x_ccold`, with a number where that was taken,
 * and with `x` cut, to a whole character, where it would be too long.
 */
export function isRemainsName(remains: string, index: string): boolean {
  const stem = /^(.+)_cc(?:new|old)\d*$/.exec(remains)?.[1];
  if (stem === undefined) return false;
  const isCut = Buffer.byteLength(remains) > MAX_IDENTIFIER_BYTES - 4;
  return stem === index || (isCut && index.startsWith(stem));
}
