import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { isPgBouncerRequired, readProgramFolders, requirePgBouncerVariable } from '../environment';
import { LocalPostgresError } from '../error';

/** Where packages put it, although an ordinary user's PATH may not lead there. */
const packageFolders = ['/usr/sbin', '/usr/local/sbin', '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];

const installation =
  'install it with "apt-get install pgbouncer" (Debian, Ubuntu) or "brew install pgbouncer" (macOS)';

/**
 * Whether `openPgBouncer` can run here, for tests that are skipped where it cannot.
 * @throws LocalPostgresError `pgbouncer_missing` if it cannot although `HOLDFAST_REQUIRE_PGBOUNCER` is `1`
 */
export function isPgBouncerInstalled(): boolean {
  return isPgBouncerIn(listFolders(), isPgBouncerRequired());
}

/**
 * The path of the program.
 * @throws LocalPostgresError `pgbouncer_missing`
 */
export function requirePgBouncer(folders: readonly string[] = listFolders()): string {
  const program = findPgBouncer(folders);
  if (program !== undefined) return program;
  throw new LocalPostgresError('pgbouncer_missing', `there is no pgbouncer; ${installation}`);
}

/** As `isPgBouncerInstalled`, of given folders. */
export function isPgBouncerIn(folders: readonly string[], isRequired: boolean): boolean {
  if (findPgBouncer(folders) !== undefined) return true;
  if (!isRequired) return false;
  throw new LocalPostgresError(
    'pgbouncer_missing',
    `${requirePgBouncerVariable} is 1, but there is no pgbouncer; ${installation}`,
  );
}

function listFolders(): readonly string[] {
  return [...readProgramFolders(), ...packageFolders];
}

function findPgBouncer(folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, 'pgbouncer')).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
