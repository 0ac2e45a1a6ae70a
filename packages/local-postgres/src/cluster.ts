import { execFile } from 'node:child_process';
import {
  appendFile,
  chown,
  lstat,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PostgresBinaries } from './binaries';
import { credentials } from './credentials';
import { LocalPostgresError, readErrno } from './error';
import type { Launcher } from './launcher';
import type { ServerFolder } from './server-folder';
import type { ServerUser } from './server-user';

const execFileAsync = promisify(execFile);
const unfinishedPrefix = 'unfinished-';

/** What a data directory is made with. */
export interface ClusterRequest {
  readonly binaries: PostgresBinaries;
  readonly launcher: Launcher;
  readonly user: ServerUser | undefined;
  /** Skips flushing to disk. */
  readonly temporary: boolean;
  readonly signal?: AbortSignal;
}

/**
 * The data directory exists, complete and of the right version. The caller holds the start lock.
 * @throws LocalPostgresError `initdb_failed` or `data_folder_damaged`
 */
export async function ensureCluster(folder: ServerFolder, request: ClusterRequest): Promise<void> {
  if (await holdsCluster(folder.data, request.binaries)) return;
  await placeCluster(folder, request.user, (unfinished) => runInitdb(unfinished, request));
}

/**
 * A new data directory is in its place. `make` leaves it as `data` in the folder it is given, from where it is moved
 * in one step, so an interrupted attempt leaves an `unfinished-…` folder, which the next attempt removes, and never half
 * a data directory. The caller holds the start lock.
 */
export async function placeCluster(
  folder: ServerFolder,
  user: ServerUser | undefined,
  make: (unfinished: string) => Promise<void>,
): Promise<void> {
  for (const name of await readdir(folder.path)) {
    if (name.startsWith(unfinishedPrefix))
      await rm(join(folder.path, name), { recursive: true, force: true });
  }
  const unfinished = await mkdtemp(join(folder.path, unfinishedPrefix));
  await giveTo(unfinished, user);
  await make(unfinished);
  await rename(join(unfinished, 'data'), folder.data);
  await rm(unfinished, { recursive: true, force: true });
}

/** The user a server runs as owns a path that we made. */
export async function giveTo(path: string, user: ServerUser | undefined): Promise<void> {
  if (user !== undefined) await chown(path, user.uid, user.gid);
}

async function holdsCluster(data: string, { version }: PostgresBinaries): Promise<boolean> {
  let found: string;
  try {
    found = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if (readErrno(error) !== 'ENOENT') throw error;
    if (!(await exists(data)) || (await readdir(data)).length === 0) return false;
    throw new LocalPostgresError(
      'data_folder_damaged',
      `${data} is not empty and not a PostgreSQL data folder; move it away to start with a new one`,
    );
  }
  if (found === String(version)) return true;
  throw new LocalPostgresError(
    'data_folder_damaged',
    `${data} was made by PostgreSQL ${found}, not ${version}; move it away to start with a new one`,
  );
}

async function runInitdb(unfinished: string, request: ClusterRequest): Promise<void> {
  const data = join(unfinished, 'data');
  const passwordFile = join(unfinished, 'password');
  await writeFile(passwordFile, `${credentials.password}\n`, { mode: 0o600 });
  await giveTo(passwordFile, request.user);
  const { file, args, options } = request.launcher(request.binaries.initdb, [
    `--pgdata=${data}`,
    `--username=${credentials.user}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
    ...(request.temporary ? ['--no-sync'] : []),
  ]);
  try {
    await execFileAsync(file, args, {
      ...options,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
  } catch (error) {
    throw new LocalPostgresError('initdb_failed', `initdb failed in ${data}: ${readLastLine(error)}`, {
      cause: error,
    });
  }
  await appendFile(join(data, 'postgresql.conf'), "\ninclude_if_exists = 'holdfast.conf'\n");
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

function readLastLine(error: unknown): string {
  const stderr = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : '';
  const lines = (stderr.trim() || String(error)).split('\n');
  return lines.findLast((line) => line.startsWith('initdb:')) ?? lines.at(-1) ?? '';
}
