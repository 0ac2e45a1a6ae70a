import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DataSource, MigrationExecutor } from 'typeorm';
import { GenerateError } from './generate-error';
import { type IndexChange, planIndexChanges } from './plan-index-changes';
import { planTableChanges } from './plan-table-changes';
import { type MigrationFile, renderIndexMigration, renderTableMigration } from './render-migration';

export interface GenerateRequest {
  /** Lower-case words joined by hyphens, for example `add-invoices`. */
  readonly name: string;
  /** Where the files go; made if it does not exist. */
  readonly directory: string;
  /** Milliseconds since 1970. Default: now. */
  readonly now?: number;
}

export interface GenerateResult {
  /** Paths of the files written, in the order in which they will run; empty when nothing has changed. */
  readonly files: readonly string[];
  readonly tableStatements: number;
  readonly indexChanges: readonly IndexChange[];
}

/**
 * Compares the entities with the database and writes what is missing as TypeORM migrations: first, in one
 * transaction, tables and columns; then, outside of one, indexes. Writes nothing when nothing has changed.
 *
 * @throws GenerateError while migrations are pending, since their changes would be written a second time.
 */
export async function generate(dataSource: DataSource, request: GenerateRequest): Promise<GenerateResult> {
  const { name, directory, now = Date.now() } = request;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new GenerateError(
      'HOLDFAST_MIGRATION_NAME',
      `the migration's name is "${name}"; allowed are lower-case words joined by hyphens, such as add-invoices`,
    );
  }
  await refusePending(dataSource);
  const tables = await planTableChanges(dataSource);
  const indexChanges = await planIndexChanges(dataSource);

  const rendered: MigrationFile[] = [];
  if (tables.up.length > 0) rendered.push(renderTableMigration({ name, timestamp: now }, tables));
  if (indexChanges.length > 0) {
    // One millisecond later, so that it runs after the tables it needs.
    rendered.push(renderIndexMigration({ name: `${name}-indexes`, timestamp: now + 1 }, indexChanges));
  }
  await mkdir(directory, { recursive: true });
  const files: string[] = [];
  for (const file of rendered) {
    const path = join(directory, file.fileName);
    await writeFile(path, file.content, { flag: 'wx' });
    files.push(path);
  }
  return { files, tableStatements: tables.up.length, indexChanges };
}

async function refusePending(dataSource: DataSource): Promise<void> {
  const pending = await new MigrationExecutor(dataSource).getPendingMigrations();
  if (pending.length === 0) return;
  throw new GenerateError(
    'HOLDFAST_MIGRATIONS_PENDING',
    `${pending.length} migrations have not been applied to this database (first: ${pending[0]?.name}); ` +
      'apply them first, otherwise their changes would be written twice',
  );
}
