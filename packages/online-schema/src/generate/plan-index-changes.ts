import type { DataSource, QueryRunner } from 'typeorm';
import { canonicalise } from '../catalog/canonicalise';
import { compareIndexes, type IndexDifference } from '../catalog/compare-indexes';
import { readColumnDependencies } from '../catalog/read-column-dependencies';
import { readIndexes } from '../catalog/read-indexes';
import type { CatalogIndex, IndexDefinition } from '../specification/index-definition';
import { readEntityIndexes, readForeignIndexNames, tablesOf } from '../specification/read-entity-indexes';
import { GenerateError } from './generate-error';
import type { ColumnName } from './plan-table-changes';

/** One index that is not as declared. Every change says how to undo it. */
export type IndexChange =
  | { readonly kind: 'create'; readonly definition: IndexDefinition }
  | {
      readonly kind: 'replace';
      readonly definition: IndexDefinition;
      readonly previous: IndexDefinition;
      readonly differences: readonly IndexDifference[];
    }
  | { readonly kind: 'drop'; readonly previous: IndexDefinition };

/** Index changes around the changes of the tables. */
export interface IndexPlan {
  /** Drops of indexes whose columns the table changes drop or rename. */
  readonly before: readonly IndexChange[];
  readonly after: readonly IndexChange[];
}

/**
 * What must be done to the indexes of the entities' tables so that they are as declared: missing ones built,
 * changed ones replaced, undeclared ones dropped. An invalid index counts as missing: `ensureIndex` rebuilds it.
 *
 * @param touched Columns that the table changes drop or rename. PostgreSQL would drop the indexes of a dropped column
 * along with it, with readers and writers locked out, and a revert could not bring them back before the column.
 */
export async function planIndexChanges(
  dataSource: DataSource,
  touched: readonly ColumnName[] = [],
): Promise<IndexPlan> {
  const declared = readEntityIndexes(dataSource);
  const foreign = readForeignIndexNames(dataSource);
  const runner = dataSource.createQueryRunner();
  try {
    const found = await readActual(dataSource, runner);
    const doomed = await findDependents(runner, found, touched);
    const actual = found.filter((index) => !doomed.includes(index));
    const changes: IndexChange[] = [];
    for (const definition of declared) {
      const existing = actual.find((index) => isNamed(index, definition));
      if (existing === undefined || !existing.valid) {
        changes.push({ kind: 'create', definition });
      } else {
        const differences = await compareWithServer(runner, definition, existing);
        if (differences.length > 0) {
          changes.push({ kind: 'replace', definition, previous: toDefinition(existing), differences });
        }
      }
    }
    for (const index of actual) {
      const known = declared.some((definition) => isNamed(index, definition)) || foreign.has(index.name);
      if (!known) changes.push({ kind: 'drop', previous: toDefinition(index) });
    }
    return {
      before: doomed.map((index) => ({ kind: 'drop', previous: toDefinition(index) })),
      after: changes,
    };
  } finally {
    await runner.release();
  }
}

async function compareWithServer(
  runner: QueryRunner,
  definition: IndexDefinition,
  existing: CatalogIndex,
): Promise<IndexDifference[]> {
  const [canonical] = await canonicalise(runner, [definition]);
  if (canonical !== undefined && 'index' in canonical) return compareIndexes(canonical.index, existing);
  const code = (canonical?.refusal as { driverError?: { code?: string } } | undefined)?.driverError?.code;
  // A column that the same migration adds is not on the table yet, so the declared index is another one for sure.
  if (code === '42703') {
    return [{ aspect: 'keys', declared: definition.keys.join(', '), actual: existing.keys.join(', ') }];
  }
  throw new GenerateError(
    'HOLDFAST_INDEX_REFUSED',
    `index ${definition.name} on ${definition.table} is not one PostgreSQL can build: ${canonical?.refusal.message}`,
    { cause: canonical?.refusal },
  );
}

/** Indexes of the entities' tables that no constraint owns. */
async function readActual(dataSource: DataSource, runner: QueryRunner): Promise<CatalogIndex[]> {
  const schemas = new Set(tablesOf(dataSource).map(({ schema }) => schema));
  const indexes: CatalogIndex[] = [];
  for (const schema of schemas) {
    const tables = tablesOf(dataSource).filter((metadata) => metadata.schema === schema);
    const found = await readIndexes(runner, { schema, tables: tables.map(({ tableName }) => tableName) });
    // Without a schema in the entity, the migration leaves it to the search path as well.
    indexes.push(...found.map((index) => ({ ...index, schema: schema ?? '' })));
  }
  return indexes.filter(({ constraint }) => constraint === null);
}

/** The indexes that need one of the columns. */
async function findDependents(
  runner: QueryRunner,
  indexes: readonly CatalogIndex[],
  columns: readonly ColumnName[],
): Promise<CatalogIndex[]> {
  if (columns.length === 0) return [];
  const dependencies = await readColumnDependencies(
    runner,
    indexes.map(({ table }) => table),
  );
  const touched = dependencies.filter(({ schema, table, column }) =>
    columns.some((name) => name.column === column && [table, `${schema}.${table}`].includes(name.table)),
  );
  return indexes.filter(({ table, name }) =>
    touched.some((one) => one.table === table && one.index === name),
  );
}

function isNamed(index: CatalogIndex, definition: IndexDefinition): boolean {
  return index.name === definition.name && index.schema === (definition.schema ?? '');
}

/** The definition that would build the index again, without what is PostgreSQL's default. */
function toDefinition(index: CatalogIndex): IndexDefinition {
  const { schema, table, name, keys, method, unique, nullsNotDistinct, include, where, storage } = index;
  return {
    ...(schema !== '' && { schema }),
    table,
    name,
    keys,
    ...(method !== 'btree' && { method }),
    ...(unique && { unique }),
    ...(nullsNotDistinct && { nullsNotDistinct }),
    ...(include.length > 0 && { include }),
    ...(where !== undefined && { where }),
    ...(Object.keys(storage).length > 0 && { storage }),
  };
}
