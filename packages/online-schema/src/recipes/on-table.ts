import type { QueryRunner } from 'typeorm';
import { type CatalogTable, readTable } from '../catalog/read-table';
import { MigrationError } from '../migration/migration-error';
import { withMigrationLock } from '../migration/migration-lock';
import { namingSubject } from './naming-subject';
import type { TableTarget } from './recipe-definitions';

/** What a definition may say of the table that it is about. */
interface Subject extends TableTarget {
  readonly name?: string;
  readonly column?: string;
  readonly columns?: readonly string[];
}

/**
 * Runs a recipe the way each must be: with the migration lock, and outside a transaction, since a transaction would
 * hold the lock of its first statement until the scan of its last one is over.
 *
 * @throws MigrationError inside a transaction, or when there is no such table.
 */
export async function onTable<T extends Subject>(
  runner: QueryRunner,
  target: T,
  work: (table: CatalogTable, resolved: T & { readonly schema: string }) => Promise<void>,
): Promise<void> {
  await outsideTransaction(runner, async () => {
    const table = await requireTable(runner, target);
    const subject = describeTarget(table, target);
    await namingSubject(subject, () => work(table, { ...target, schema: table.schema }));
  });
}

function describeTarget({ schema, name: table }: CatalogTable, { name, column, columns }: Subject): string {
  const constraint = name === undefined ? '' : `constraint ${name} of `;
  const named = columns ?? (column === undefined ? [] : [column]);
  return `${constraint}${schema}.${table}${named.length === 0 ? '' : ` (${named.join(', ')})`}`;
}

/** @throws MigrationError inside a transaction. */
export async function outsideTransaction(runner: QueryRunner, work: () => Promise<void>): Promise<void> {
  if (runner.isTransactionActive) {
    throw new MigrationError(
      'HOLDFAST_INSIDE_TRANSACTION',
      'a recipe cannot work inside a transaction, which would hold its locks to the end; set ' +
        `migrationsTransactionMode: 'none' in the DataSource and transaction = false in the migration`,
    );
  }
  await withMigrationLock(runner, work);
}

/** @throws MigrationError when there is no such table. */
export async function requireTable(runner: QueryRunner, target: TableTarget): Promise<CatalogTable> {
  const table = await readTable(runner, target);
  if (table !== undefined) return table;
  const place = target.schema === undefined ? 'on the search path' : `in schema ${target.schema}`;
  throw new MigrationError('HOLDFAST_TABLE_MISSING', `there is no table ${target.table} ${place}`);
}
