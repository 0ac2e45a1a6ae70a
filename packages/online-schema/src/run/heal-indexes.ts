import type { DataSource, QueryRunner } from 'typeorm';
import { readIndexes } from '../catalog/read-indexes';
import { readTable } from '../catalog/read-table';
import { isAbortError } from '../migration/abortable-wait';
import { isUsable } from '../migration/build-index';
import { ensureIndex } from '../migration/ensure-index';
import { refuseDuplicates } from '../migration/refuse-duplicates';
import { tellNotice } from '../migration/steps';
import type { CatalogIndex, IndexDefinition } from '../specification/index-definition';
import { readEntityIndexes, tablesOf } from '../specification/read-entity-indexes';
import { reasonOf } from '../text/reason-of';

/**
 * Afterwards no declared index is invalid, as a build by hand, a REINDEX or a restore that failed leaves it: no query
 * uses it, every write pays for it, and migrations that are recorded do not run again. It is rebuilt as the catalog
 * has it: that a declaration has changed is for the next migration. An invalid index that nobody declared is told and
 * stays, and so does a unique one for which there are rows with equal keys.
 */
export async function healIndexes(dataSource: DataSource, runner: QueryRunner): Promise<void> {
  const declared = readDeclared(dataSource, runner);
  for (const index of await readInvalid(dataSource, runner)) {
    const { schema, table, name } = index;
    if (!declared.some((definition) => definition.name === name && definition.table === table)) {
      const message = `index ${name} on ${schema}.${table} is invalid and not declared: somebody builds it, or a build of it failed`;
      tellNotice(runner, name, message);
      continue;
    }
    try {
      await refuseHopeless(runner, index);
      await ensureIndex(runner, index);
    } catch (error) {
      if (isAbortError(error)) throw error;
      const reason = reasonOf(error);
      tellNotice(runner, name, `it is invalid and could not be rebuilt: ${reason}`);
    }
  }
}

/** Before it is dropped: what is gone would be told by no further run. */
async function refuseHopeless(runner: QueryRunner, index: CatalogIndex): Promise<void> {
  const table = await readTable(runner, index);
  if (index.unique && table !== undefined) await refuseDuplicates(runner, table, index);
}

async function readInvalid(dataSource: DataSource, runner: QueryRunner): Promise<CatalogIndex[]> {
  const tables = tablesOf(dataSource);
  const indexes: CatalogIndex[] = [];
  for (const schema of new Set(tables.map((table) => table.schema))) {
    const names = tables.filter((table) => table.schema === schema).map(({ tableName }) => tableName);
    indexes.push(...(await readIndexes(runner, { schema, tables: names })));
  }
  return indexes.filter((index) => index.constraint === null && !isUsable(index));
}

// What is wrong with a declaration stops whoever generates from it, and not a deployment.
function readDeclared(dataSource: DataSource, runner: QueryRunner): IndexDefinition[] {
  try {
    return readEntityIndexes(dataSource);
  } catch (error) {
    tellNotice(runner, 'declarations', reasonOf(error));
    return [];
  }
}
