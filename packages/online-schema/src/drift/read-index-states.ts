import type { DataSource, QueryRunner } from 'typeorm';
import { type ColumnRename, canonicalise } from '../catalog/canonicalise';
import { readBuilders } from '../catalog/read-builders';
import { readIndexes } from '../catalog/read-indexes';
import { readNameOwners } from '../catalog/read-name-owners';
import { readEntityIndexes, readForeignIndexNames } from '../specification/read-entity-indexes';
import { classifyIndexes, type DeclaredIndex, type IndexFacts } from './classify-indexes';
import type { IndexState } from './index-state';
import type { EntityTable } from './read-entity-tables';

/**
 * How every index of the entities' tables stands, by the server's own comparison. Writers are not blocked.
 *
 * @param renames columns for which the indexes stand as they will once these have their new names. Default: none.
 * @throws MigrationError or CatalogError where this role may not look.
 */
export async function readIndexStates(
  dataSource: DataSource,
  runner: QueryRunner,
  tables: readonly EntityTable[],
  renames: readonly ColumnRename[] = [],
): Promise<IndexState[]> {
  const declared = await readDeclared(dataSource, runner, tables, renames);
  const actual = await renameColumns(runner, await readActual(runner, tables), renames);
  const missing = declared.flatMap(({ definition: { name }, table: { found } }) => {
    const there = actual.some(({ existing }) => existing.name === name && existing.schema === found?.schema);
    return there || found === undefined ? [] : [{ schema: found.schema, name }];
  });
  const oids = tables.flatMap(({ found }) => (found === undefined ? [] : [found.oid]));
  return classifyIndexes({
    declared,
    actual,
    owners: await readNameOwners(runner, missing),
    foreign: readForeignIndexNames(dataSource),
    builders: await readBuilders(runner, oids),
  });
}

async function readDeclared(
  dataSource: DataSource,
  runner: QueryRunner,
  tables: readonly EntityTable[],
  renames: readonly ColumnRename[],
): Promise<DeclaredIndex[]> {
  const declared = readEntityIndexes(dataSource).flatMap((definition) => {
    const table = tables.find(
      (one) => one.declaredSchema === definition.schema && one.name === definition.table,
    );
    return table === undefined ? [] : [{ definition, table }];
  });
  const buildable = declared.filter(({ table }) => table.found !== undefined);
  const canonicals = await canonicalise(
    runner,
    buildable.map(({ definition }) => definition),
    { renames },
  );
  const byDefinition = new Map(canonicals.map((canonical) => [canonical.definition, canonical]));
  const lacking = await readLackingExtensions(
    runner,
    declared.flatMap(({ definition }) => definition.requires ?? []),
  );
  return declared.map((one) => ({
    ...one,
    canonical: byDefinition.get(one.definition),
    lacksExtensions: (one.definition.requires ?? []).filter((name) => lacking.has(name)),
  }));
}

async function readActual(
  runner: QueryRunner,
  tables: readonly EntityTable[],
): Promise<IndexFacts['actual']> {
  const schemas = new Set(tables.flatMap(({ found }) => (found === undefined ? [] : [found.schema])));
  const actual: IndexFacts['actual'][number][] = [];
  for (const schema of schemas) {
    const own = tables.filter(({ found }) => found?.schema === schema);
    const indexes = await readIndexes(runner, { schema, tables: own.map(({ name }) => name) });
    for (const existing of indexes) {
      const table = own.find(({ name }) => name === existing.table);
      if (table !== undefined) actual.push({ table, existing });
    }
  }
  return actual;
}

/** The indexes as the server will spell them: it carries them along when it renames a column. */
async function renameColumns(
  runner: QueryRunner,
  actual: IndexFacts['actual'],
  renames: readonly ColumnRename[],
): Promise<IndexFacts['actual']> {
  const touched = actual.filter(
    ({ table, existing }) =>
      existing.constraint === null &&
      renames.some((one) => one.table === table.name && one.schema === table.declaredSchema),
  );
  const definitions = touched.map(({ table, existing }) => ({ ...existing, schema: table.declaredSchema }));
  const canonicals = await canonicalise(runner, definitions, { renames, namedBy: 'old' });
  const renamed = new Map(
    touched.map(({ existing }, at) => {
      const canonical = canonicals[at];
      if (canonical === undefined || 'refusal' in canonical) return [existing, existing];
      const { keys, parts, include, where } = canonical.index;
      return [existing, { ...existing, keys, parts, include, ...(where !== undefined && { where }) }];
    }),
  );
  return actual.map((one) => ({ ...one, existing: renamed.get(one.existing) ?? one.existing }));
}

async function readLackingExtensions(
  runner: QueryRunner,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  if (names.length === 0) return new Set();
  const rows: { name: string }[] = await runner.query(
    `select wanted.name
     from unnest($1::text[]) as wanted(name)
     where not exists (select from pg_extension e where e.extname = wanted.name)`,
    [names],
  );
  return new Set(rows.map(({ name }) => name));
}
