import type { DataSource, QueryRunner } from 'typeorm';
import { canonicalise } from '../catalog/canonicalise';
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
 * @throws MigrationError or CatalogError where this role may not look.
 */
export async function readIndexStates(
  dataSource: DataSource,
  runner: QueryRunner,
  tables: readonly EntityTable[],
): Promise<IndexState[]> {
  const declared = await readDeclared(dataSource, runner, tables);
  const actual = await readActual(runner, tables);
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
