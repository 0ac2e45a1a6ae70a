import { chmodSync, lstatSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import type { PostgresBinaries } from './binaries';
import { LocalPostgresError, readErrno } from './error';

interface LibraryLink {
  /** The library itself, relative to the package root. */
  readonly source: string;
  /** The name it must also be found under. */
  readonly target: string;
}

/**
 * The programs can be run: every shared-library link exists and the executables are executable.
 *
 * npm packs no symbolic links and this repository runs no install scripts, so the links listed by the package are
 * made here. Nothing is written if nothing is missing (a read-only installation works), and a link appears by an
 * atomic rename, so two processes may do this at once.
 * @throws LocalPostgresError `binaries_unusable`
 */
export function prepareBinaries(binaries: PostgresBinaries): void {
  for (const link of readLinks(binaries.packageRoot)) {
    const path = join(binaries.packageRoot, link.target);
    const destination = relative(dirname(link.target), link.source);
    if (!isInPlace(path, destination)) makeLink(path, destination);
  }
  for (const program of [binaries.postgres, binaries.initdb]) makeExecutable(program);
}

function readLinks(packageRoot: string): readonly LibraryLink[] {
  try {
    return JSON.parse(readFileSync(join(packageRoot, 'native', 'pg-symlinks.json'), 'utf8'));
  } catch (error) {
    if (readErrno(error) === 'ENOENT') return [];
    throw error;
  }
}

function isInPlace(path: string, destination: string): boolean {
  try {
    return readlinkSync(path) === destination;
  } catch (error) {
    // EINVAL: a regular file, so this package ships the library under both names.
    return readErrno(error) === 'EINVAL';
  }
}

function makeLink(path: string, destination: string): void {
  const unfinished = `${path}.${process.pid}`;
  try {
    rmSync(unfinished, { force: true });
    symlinkSync(destination, unfinished);
    renameSync(unfinished, path);
  } catch (error) {
    throw unusable(
      `the link ${basename(path)} is missing in ${dirname(path)} and cannot be made there`,
      error,
    );
  }
}

function makeExecutable(program: string): void {
  try {
    const { mode } = lstatSync(program);
    if ((mode & 0o111) !== 0o111) chmodSync(program, 0o755);
  } catch (error) {
    throw unusable(`${program} is missing or cannot be made executable`, error);
  }
}

function unusable(what: string, cause: unknown): LocalPostgresError {
  const errno = readErrno(cause);
  return new LocalPostgresError(
    'binaries_unusable',
    `${what}${errno === undefined ? '' : ` (${errno})`}; run npm ci as the user who owns that folder`,
    { cause },
  );
}
