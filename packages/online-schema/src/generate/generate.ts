import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DataSource, MigrationExecutor } from 'typeorm';
import { GenerateError } from './generate-error';
import { type IndexChange, planIndexChanges } from './plan-index-changes';
import { type ColumnName, planTableChanges } from './plan-table-changes';
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
  /** Columns whose contents will be gone. */
  readonly droppedColumns: readonly ColumnName[];
  readonly indexChanges: readonly IndexChange[];
}

/**
 * Compares the entities with the database and writes what is missing as TypeORM migrations: in one transaction,
 * tables and columns; outside of one, before it, drops of indexes on columns that go, and after it all other indexes.
 * Writes nothing when nothing has changed.
 *
 * @throws GenerateError while migrations are not built or not applied, since their changes would be written a second time.
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
  await refuseUnbuilt(dataSource, directory);
  const tables = await planTableChanges(dataSource);
  const indexes = await planIndexChanges(dataSource, [...tables.dropped, ...tables.renamed]);

  const rendered: MigrationFile[] = [];
  // A millisecond apart, so that each runs after what it needs, and is reverted before it.
  if (indexes.before.length > 0) {
    rendered.push(
      renderIndexMigration(
        { name: `${name}-drop-indexes`, timestamp: now + rendered.length },
        indexes.before,
      ),
    );
  }
  if (tables.up.length > 0)
    rendered.push(renderTableMigration({ name, timestamp: now + rendered.length }, tables));
  if (indexes.after.length > 0) {
    rendered.push(
      renderIndexMigration({ name: `${name}-indexes`, timestamp: now + rendered.length }, indexes.after),
    );
  }
  await mkdir(directory, { recursive: true });
  const files: string[] = [];
  for (const file of rendered) {
    const path = join(directory, file.fileName);
    await writeFile(path, file.content, { flag: 'wx' });
    files.push(path);
  }
  const indexChanges = [...indexes.before, ...indexes.after];
  return { files, tableStatements: tables.up.length, droppedColumns: tables.dropped, indexChanges };
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

/** A migration that was written and not built yet is as good as pending, but unknown to TypeORM. */
async function refuseUnbuilt(dataSource: DataSource, directory: string): Promise<void> {
  const written = (await readdir(directory).catch(() => [])).filter((file) =>
    /^\d{13}-.*\.[jt]s$/.test(file),
  );
  const built = dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name);
  const unbuilt = written.find((file) => !built.some((name) => name.endsWith(file.slice(0, 13))));
  if (unbuilt === undefined) return;
  throw new GenerateError(
    'HOLDFAST_MIGRATIONS_PENDING',
    `${unbuilt} in ${directory} is not among the DataSource's migrations; build and apply it first, otherwise its ` +
      'changes would be written twice',
  );
}
