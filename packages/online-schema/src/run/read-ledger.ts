import type { DataSource, Migration, MigrationExecutor, QueryRunner } from 'typeorm';
import { CatalogError } from '../catalog/catalog-error';
import { quoteLedger } from '../migration/ledger-table';
import { quoteIdentifier } from '../specification/identifier';
import { describePatterns } from './describe-patterns';
import { UnknownMigrationError } from './run-error';

/**
 * Lets pass only a role that may read the ledger, or a database that has none: TypeORM looks for it where only what the
 * role may use is listed, and would take all migrations for pending.
 *
 * @throws CatalogError HOLDFAST_TABLE_NOT_READABLE
 */
export async function requireReadableLedger(dataSource: DataSource, runner: QueryRunner): Promise<void> {
  const ledger = quoteLedger(dataSource);
  const [row]: { role: string; refusal: 'schema' | 'table' | null }[] = await runner.query(READ_REFUSAL, [
    ledger,
  ]);
  if (row === undefined || row.refusal === null) return;
  const role = quoteIdentifier(row.role);
  const why = 'and all migrations would seem to be pending; have the owner run: GRANT';
  throw new CatalogError(
    'HOLDFAST_TABLE_NOT_READABLE',
    ledger.replaceAll('"', ''),
    row.refusal === 'table'
      ? `role ${row.role} may not read ${ledger}, the table of applied migrations, ${why} SELECT ON ${ledger} TO ${role}`
      : `role ${row.role} may use no schema on its search path, where the table of applied migrations would be, ${why} ` +
          `USAGE ON SCHEMA … TO ${role}`,
  );
}

// A schema that may not be used is passed over on the search path; one that is named is an error of the server's.
const READ_REFUSAL = `
  select
    current_user as role,
    case
      when oid is not null and not has_table_privilege(oid, 'select') then 'table'
      when oid is null and current_schema() is null then 'schema'
    end as refusal
  from (select to_regclass($1)) as ledger(oid)`;

/**
 * The migrations of this build that are not applied, in the order in which they will be.
 *
 * @throws CatalogError when this role may not read which are applied; UnknownMigrationError when some are and the build
 * has no migration at all, so that it has not found them.
 */
export async function readPending(
  dataSource: DataSource,
  executor: MigrationExecutor,
  runner: QueryRunner,
): Promise<Migration[]> {
  await requireReadableLedger(dataSource, runner);
  const pending = await executor.getPendingMigrations();
  if (dataSource.migrations.length > 0) return pending;
  const applied = await executor.getExecutedMigrations();
  const [last] = applied;
  if (last === undefined) return pending;
  throw new UnknownMigrationError(
    last.name,
    `this build has no migrations, but the database has applied ${applied.length}, the last of them ${last.name}; ` +
      `the DataSource's option "migrations" ${describePatterns(dataSource.options.migrations)}`,
  );
}
