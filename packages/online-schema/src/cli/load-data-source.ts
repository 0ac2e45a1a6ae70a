import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DataSource, type Logger } from 'typeorm';
import { UsageError } from './usage-error';

/** TypeORM's own lines would stand between ours; a failing statement comes back as an error anyway. */
const SILENT: Logger = {
  logQuery() {},
  logQueryError() {},
  logQuerySlow() {},
  logSchemaBuild() {},
  logMigration() {},
  log() {},
};

/**
 * The one DataSource that a built file exports, as the typeorm command finds it; not initialised yet.
 *
 * @throws UsageError if there is no such file, or not exactly one DataSource in it.
 */
export async function loadDataSource(file: string): Promise<DataSource> {
  const path = resolve(file);
  if (!existsSync(path))
    throw new UsageError(`no file ${file}; -d takes a built file that exports a DataSource`);
  const exports: Record<string, unknown> = await importFile(path);
  const found = new Set(Object.values(exports).filter(isDataSource));
  const [dataSource] = found;
  if (dataSource === undefined || found.size > 1) {
    throw new UsageError(`${file} exports ${found.size} DataSources; it must export exactly one`);
  }
  dataSource.setOptions({ synchronize: false, migrationsRun: false, dropSchema: false, logger: SILENT });
  return dataSource;
}

async function importFile(path: string): Promise<Record<string, unknown>> {
  const module: Record<string, unknown> = await import(pathToFileURL(path).href);
  // A CommonJS module's exports appear both as `default` and by their names.
  return { ...(module.default as object | undefined), ...module };
}

function isDataSource(value: unknown): value is DataSource {
  // A project may bring its own copy of TypeORM, whose class is another one.
  return (
    value instanceof DataSource ||
    (value as { constructor?: { name?: string } })?.constructor?.name === 'DataSource'
  );
}
