import type { QueryRunner } from 'typeorm';
import { MigrationError } from '../migration/migration-error';
import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import type { CatalogIndex, IndexDefinition } from '../specification/index-definition';
import { renderCreateIndex } from '../specification/render-index';
import { readIndexes } from './read-indexes';

/** What the server makes of a declared index, or why it refuses it on the table as that stands now. */
export type Canonical =
  | { readonly definition: IndexDefinition; readonly index: CatalogIndex }
  | { readonly definition: IndexDefinition; readonly refusal: Error };

/**
 * Lets PostgreSQL spell out the definitions: builds each on an empty temporary clone of its table, reads it
 * back from the catalog and rolls everything back. Nothing else sees the clones, nothing is locked but the
 * table's definition, and no text is ever compared with a text that people wrote.
 *
 * Every table must exist, and the runner must not be inside a transaction.
 *
 * @throws MigrationError if this role may not create temporary tables, which no definition is to blame for.
 */
export async function canonicalise(
  runner: QueryRunner,
  definitions: readonly IndexDefinition[],
): Promise<Canonical[]> {
  if (definitions.length === 0) return [];
  await refuseWithoutTemporary(runner);
  await runner.startTransaction();
  try {
    const results: Canonical[] = [];
    for (const [at, definition] of definitions.entries())
      results.push(await buildOnClone(runner, definition, at));
    return results;
  } finally {
    await runner.rollbackTransaction();
  }
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

async function buildOnClone(
  runner: QueryRunner,
  definition: IndexDefinition,
  at: number,
): Promise<Canonical> {
  // Tables of one name in two schemas would meet in pg_temp, so every index gets a clone of its own.
  const table = `holdfast_clone_${at}`;
  const name = `holdfast_clone_${at}_index`;
  const source = quoteQualified(definition.schema, definition.table);
  await runner.query('savepoint holdfast_clone');
  try {
    await runner.query(`create temporary table ${quoteIdentifier(table)} (like ${source}) on commit drop`);
    await runner.query(renderCreateIndex({ ...definition, schema: 'pg_temp', table, name }));
    const [index] = await readIndexes(runner, { schema: 'pg_temp', name });
    if (index === undefined) throw new Error(`the clone of index ${definition.name} is not in the catalog`);
    const { schema, ...rest } = definition;
    return { definition, index: { ...index, schema: schema ?? '', table: rest.table, name: rest.name } };
  } catch (error) {
    await runner.query('rollback to savepoint holdfast_clone');
    return { definition, refusal: error instanceof Error ? error : new Error(String(error)) };
  }
}
