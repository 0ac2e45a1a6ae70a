import { stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type DataSource, InstanceChecker, type Logger } from 'typeorm';
import { LoadError, renderThrown } from './load-error';
import { unlessIdle } from './unless-idle';
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

const TAKES = '-d takes a built file that exports a DataSource';

/**
 * The one DataSource that a built file exports, as the typeorm command finds it; not initialised yet.
 *
 * @throws UsageError if there is no such file, or not exactly one DataSource in it; LoadError if the file fails.
 */
export async function loadDataSource(file: string): Promise<DataSource> {
  const path = resolve(file);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new UsageError(`no file ${file}; ${TAKES}`);
  if (found.isDirectory())
    throw new UsageError(`${file} is a folder; ${TAKES}, such as ${file.replace(/\/$/, '')}/data-source.js`);
  const dataSources = await unlessIdle(
    importDataSources(path).catch((thrown: unknown) => {
      throw explain(file, thrown);
    }),
    () => new LoadError(file, 'something that it awaits at its top, or exports a promise of, never comes'),
  );
  const [dataSource] = dataSources;
  if (dataSource === undefined || dataSources.size > 1) {
    throw new UsageError(`${file} exports ${dataSources.size} DataSources; it must export exactly one`);
  }
  dataSource.setOptions({ synchronize: false, migrationsRun: false, dropSchema: false, logger: SILENT });
  return dataSource;
}

async function importDataSources(path: string): Promise<Set<DataSource>> {
  const module: Record<string, unknown> = await import(pathToFileURL(path).href);
  // A CommonJS module as a whole is `default`, and may have a default of its own.
  const exported = [module, module.default].flatMap((one) => (isCollection(one) ? Object.values(one) : []));
  // A project that must ask for its password first exports a promise.
  return new Set((await Promise.all(exported)).filter(isDataSource));
}

function explain(file: string, thrown: unknown): Error {
  // With a loader, or a Node that strips types, it may work.
  if (/^\.[cm]?tsx?$/.test(extname(file))) {
    return new UsageError(`${file} is TypeScript, which cannot be loaded as it is; ${TAKES}`, {
      cause: thrown,
    });
  }
  return new LoadError(file, renderThrown(thrown), { cause: thrown });
}

/** Whether a value may have DataSources under names of its own. */
function isCollection(value: unknown): value is Record<string, unknown> {
  // No instanceof: the namespace of a module has no prototype.
  return typeof value === 'object' && value !== null && !isDataSource(value);
}

/** By its mark and not by its class: a project may bring its own copy of TypeORM. */
function isDataSource(value: unknown): value is DataSource {
  return InstanceChecker.isDataSource(value);
}
