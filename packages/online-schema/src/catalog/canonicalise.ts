import type { QueryRunner } from 'typeorm';
import { MigrationError } from '../migration/migration-error';
import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import type { CatalogIndex, IndexDefinition } from '../specification/index-definition';
import { renderCreateIndex } from '../specification/render-index';
import { cloneTable } from './clone-table';
import { readIndexes } from './read-indexes';
import { isRefusal } from './sqlstate';

/** What the server makes of a declared index, or why it refuses it on the table as that stands now. */
export type Canonical =
  | { readonly definition: IndexDefinition; readonly index: CatalogIndex }
  | { readonly definition: IndexDefinition; readonly refusal: Error };

/** A column of a table, and the name that it will have. */
export interface ColumnRename {
  readonly schema?: string | undefined;
  readonly table: string;
  readonly from: string;
  readonly to: string;
}

export interface CanonicaliseOptions {
  /** Columns that have another name when the definitions are read back. Default: none. */
  readonly renames?: readonly ColumnRename[];
  /** Which name the definitions call such a column by. Default `new`. */
  readonly namedBy?: 'old' | 'new';
}

/**
 * Lets PostgreSQL spell out the definitions: builds each on an empty temporary clone of its table, reads it
 * back from the catalog and rolls everything back. Nothing else sees the clones, no writer is blocked, and no text is
 * ever compared with a text that people wrote. Results are in the order of the definitions.
 *
 * Every table must exist, and the runner must not be inside a transaction.
 *
 * @throws MigrationError if this role may not create temporary tables, CatalogError if it may not read a table: no
 * definition is to blame for either.
 */
export async function canonicalise(
  runner: QueryRunner,
  definitions: readonly IndexDefinition[],
  options: CanonicaliseOptions = {},
): Promise<Canonical[]> {
  if (definitions.length === 0) return [];
  await refuseWithoutTemporary(runner);
  const results = new Map<IndexDefinition, Canonical>();
  await runner.startTransaction();
  try {
    for (const own of groupByTable(definitions)) {
      for (const canonical of await buildOnClone(runner, own, options))
        results.set(canonical.definition, canonical);
    }
  } catch (error) {
    // A connection that is gone has rolled back; the first error is the one to hear about.
    await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  }
  await runner.rollbackTransaction();
  return definitions.map((definition) => results.get(definition) as Canonical);
}

function groupByTable(definitions: readonly IndexDefinition[]): IndexDefinition[][] {
  const groups = new Map<string, IndexDefinition[]>();
  for (const definition of definitions) {
    const key = quoteQualified(definition.schema, definition.table);
    groups.set(key, [...(groups.get(key) ?? []), definition]);
  }
  return [...groups.values()];
}

async function refuseWithoutTemporary(runner: QueryRunner): Promise<void> {
  const rows: { database: string; role: string }[] = await runner.query(
    `select current_database() as database, current_user as role
     where not has_database_privilege(current_database(), 'TEMPORARY')`,
  );
  const [missing] = rows;
  if (missing === undefined) return;
  const { database, role } = missing;
  throw new MigrationError(
    'HOLDFAST_TEMP_PRIVILEGE_MISSING',
    `role ${role} may not create temporary tables in database ${database}, on which declared indexes are compared ` +
      `with those that exist; have an administrator run: ` +
      `GRANT TEMPORARY ON DATABASE ${quoteIdentifier(database)} TO ${quoteIdentifier(role)}`,
  );
}

/** Builds indexes of one table. */
async function buildOnClone(
  runner: QueryRunner,
  definitions: readonly IndexDefinition[],
  { renames = [], namedBy = 'new' }: CanonicaliseOptions,
): Promise<Canonical[]> {
  const [{ table, schema } = { table: '' }] = definitions;
  // Rolled back to, it also gives the lock on the table's definition back.
  await runner.query('savepoint holdfast_clone');
  await cloneTable(runner, { table, schema });
  const own = renames.filter((one) => one.table === table && one.schema === schema);
  if (namedBy === 'new') await renameOnClone(runner, own);
  const refusals = new Map<IndexDefinition, Error>();
  for (const [at, definition] of definitions.entries()) {
    const refusal = await tryBuild(runner, { ...definition, schema: 'pg_temp', name: cloneName(at) });
    if (refusal !== undefined) refusals.set(definition, refusal);
  }
  if (namedBy === 'old') await renameOnClone(runner, own);
  const built = new Map(
    (await readIndexes(runner, { schema: 'pg_temp', tables: [table] })).map((index) => [index.name, index]),
  );
  await runner.query('rollback to savepoint holdfast_clone');
  return definitions.map((definition, at) => {
    const refusal = refusals.get(definition);
    if (refusal !== undefined) return { definition, refusal };
    const index = built.get(cloneName(at));
    if (index === undefined) throw new Error(`the clone of index ${definition.name} is not in the catalog`);
    return { definition, index: { ...index, schema: definition.schema ?? '', name: definition.name } };
  });
}

/** What the server does to indexes, expressions and predicates with it, it does here as well. */
async function renameOnClone(runner: QueryRunner, renames: readonly ColumnRename[]): Promise<void> {
  for (const { table, from, to } of renames) {
    await runner.query(
      `alter table ${quoteQualified('pg_temp', table)} rename column ${quoteIdentifier(from)} to ${quoteIdentifier(to)}`,
    );
  }
}

function cloneName(at: number): string {
  return `holdfast_clone_${at}`;
}

async function tryBuild(runner: QueryRunner, definition: IndexDefinition): Promise<Error | undefined> {
  await runner.query('savepoint holdfast_clone_index');
  try {
    await runner.query(renderCreateIndex(definition));
    return undefined;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    await runner.query('rollback to savepoint holdfast_clone_index');
    return error as Error;
  }
}
