import { execFile, type SpawnOptions } from 'node:child_process';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { LocalPostgresError } from './error';
import type { ServerUser } from './server-user';
import { findBlockedFolder } from './traversal';

const execFileAsync = promisify(execFile);

/** How a program is run on this machine. */
interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: Pick<SpawnOptions, 'uid' | 'gid' | 'cwd' | 'env'>;
}

/** Turns a program and its arguments into what has to be spawned so that it runs as the right user. */
export type Launcher = (program: string, args: readonly string[]) => Launch;

/** What a launcher is made for. */
export interface LauncherRequest {
  /** Path of a program that answers `--version`: `postgres`, or another that works with its files. */
  readonly program: string;
  /** The existing folder the program's files are in or will be in. */
  readonly folder: string;
  readonly user: ServerUser | undefined;
  /** Sent by the kernel to the program when the process that spawned it dies; needs Linux and util-linux. */
  readonly parentDeathSignal?: 'INT' | 'KILL';
}

// Nothing of the caller's environment reaches the server: PGDATA, PGPORT, LC_* and TZ would all change it.
const environment = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' };

/**
 * Bypasses the permission check on folders and on reading, and nothing else. `no_setuid_fixup` is needed because
 * access(2), which initdb and postgres call on themselves, otherwise ignores the capabilities of a user that is not root.
 */
const readSearchFlags = [
  '--securebits=+no_setuid_fixup',
  '--bounding-set=-all,+dac_read_search',
  '--inh-caps=-all,+dac_read_search',
  '--ambient-caps=-all,+dac_read_search',
];

/**
 * A launcher that has been proved to run `<program> --version` here, as the given user.
 * @throws LocalPostgresError `folder_not_traversable` if that user cannot reach the program or the folder and the
 * kernel cannot let them; `binaries_unusable` if the program does not run at all.
 */
export async function createLauncher(request: LauncherRequest): Promise<Launcher> {
  const blocked = findBlocked(request);
  const failures: unknown[] = [];
  for (const launcher of candidates(request, blocked !== undefined)) {
    const { file, args, options } = launcher(request.program, ['--version']);
    try {
      await execFileAsync(file, args, options);
      return launcher;
    } catch (error) {
      failures.push(error);
    }
  }
  if (blocked !== undefined && request.user !== undefined) {
    throw new LocalPostgresError(
      'folder_not_traversable',
      `uid ${request.user.uid}, which PostgreSQL runs as instead of root, may not enter ${blocked}; ` +
        `run "chmod o+x ${blocked}", or work outside it`,
      { cause: failures.at(-1) },
    );
  }
  throw new LocalPostgresError(
    'binaries_unusable',
    `${request.program} does not run here: ${readReason(failures.at(-1))}`,
    { cause: failures.at(-1) },
  );
}

function findBlocked({ program, folder, user }: LauncherRequest): string | undefined {
  if (user === undefined) return undefined;
  return findBlockedFolder(dirname(program), user) ?? findBlockedFolder(folder, user);
}

/** The ways to run a program, best first; which of them exist differs between util-linux, BusyBox and macOS. */
function candidates({ user, parentDeathSignal }: LauncherRequest, blocked: boolean): readonly Launcher[] {
  const identity = user === undefined ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  const death = parentDeathSignal === undefined ? [] : [`--pdeathsig=${parentDeathSignal}`];
  if (blocked) return [viaSetpriv([...identity, ...readSearchFlags, ...death])];
  const plain: Launcher = (file, args) => ({ file, args, options: { cwd: '/', env: environment, ...user } });
  return parentDeathSignal === undefined ? [plain] : [viaSetpriv([...identity, ...death]), plain];
}

function viaSetpriv(flags: readonly string[]): Launcher {
  return (program, args) => ({
    file: 'setpriv',
    args: [...flags, '--', program, ...args],
    options: { cwd: '/', env: environment },
  });
}

function readReason(error: unknown): string {
  if (typeof error === 'object' && error !== null) {
    if ('stderr' in error && typeof error.stderr === 'string' && error.stderr.trim() !== '') {
      return error.stderr.trim().replaceAll('\n', ' ');
    }
    // The file is there, so ENOENT is about the dynamic loader it names: musl instead of glibc.
    if ('code' in error && error.code === 'ENOENT') {
      return 'its dynamic loader is missing (Alpine and other musl systems have no build; use a glibc system)';
    }
  }
  return error instanceof Error ? error.message : String(error);
}
