import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalPostgresError, readErrno } from './error';
import { readCommandLine } from './process-identity';

/** What the lock file in a data directory says. */
export interface PostmasterFile {
  readonly pid: number;
  readonly startedAt: Date;
  readonly port: number;
  /** `ready` is the only state in which connections are accepted. */
  readonly status: string;
}

/** `fast` ends sessions and writes a checkpoint; `immediate` leaves crash recovery to the next start. */
export type Shutdown = 'fast' | 'immediate';

const pollMs = 20;

const shutdownSignals = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const satisfies Record<
  Shutdown,
  NodeJS.Signals
>;

/**
 * Reads the lock file of a data directory; undefined if there is none or it is not complete yet.
 * @throws LocalPostgresError `folder_not_owned` if we may not look
 */
export async function readPostmasterFile(dataDirectory: string): Promise<PostmasterFile | undefined> {
  let text: string;
  try {
    text = await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8');
  } catch (error) {
    if (readErrno(error) === 'ENOENT' || readErrno(error) === 'ENOTDIR') return undefined;
    if (readErrno(error) !== 'EACCES') throw error;
    throw new LocalPostgresError(
      'folder_not_owned',
      `${dataDirectory} belongs to another user; use it as that user`,
      { cause: error },
    );
  }
  const [pid, , startedAt, port, , , , status] = text.split('\n').map((line) => line.trim());
  const parsed = {
    pid: Number(pid),
    startedAt: new Date(Number(startedAt ?? Number.NaN) * 1000),
    port: Number(port),
    status: status ?? '',
  };
  return Number.isSafeInteger(parsed.pid) && parsed.pid > 0 ? parsed : undefined;
}

/**
 * Whether a process is the postmaster of this data directory. A lock file outlives a crash, and by then its process
 * id may belong to somebody else, so the process itself is asked what it is.
 */
export async function isPostmasterOf(pid: number, dataDirectory: string): Promise<boolean> {
  const commandLine = await readCommandLine(pid);
  return commandLine !== undefined && `${commandLine} `.includes(`postgres -D ${dataDirectory} `);
}

/** The lock file of a data directory, if the process it names is alive and is that postmaster. */
export async function readLivePostmaster(dataDirectory: string): Promise<PostmasterFile | undefined> {
  const file = await readPostmasterFile(dataDirectory);
  return file !== undefined && (await isPostmasterOf(file.pid, dataDirectory)) ? file : undefined;
}

/**
 * Waits while the postmaster of a data directory starts or stops.
 * @returns its lock file once it accepts connections, or undefined once there is none.
 */
export async function waitForSettledPostmaster(
  dataDirectory: string,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<PostmasterFile | undefined> {
  for (let waitedMs = 0; waitedMs < options.timeoutMs; waitedMs += pollMs) {
    const live = await readLivePostmaster(dataDirectory);
    if (live === undefined || live.status === 'ready') return live;
    await sleep(pollMs, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
  throw new LocalPostgresError(
    'start_timed_out',
    `the server in ${dataDirectory} neither became ready nor stopped within ${options.timeoutMs} ms`,
  );
}

/**
 * The postmaster is gone: asked to stop as given, then immediately, then killed.
 * @throws LocalPostgresError `stop_failed` if the process belongs to another user.
 */
export async function stopPostmaster(
  pid: number,
  dataDirectory: string,
  shutdown: Shutdown = 'fast',
): Promise<void> {
  const stages = [
    ...(shutdown === 'fast' ? [{ signal: shutdownSignals.fast, patienceMs: 15_000 }] : []),
    { signal: shutdownSignals.immediate, patienceMs: 5_000 },
    { signal: 'SIGKILL', patienceMs: 5_000 },
  ] as const;
  for (const { signal, patienceMs } of stages) {
    if (!(await isPostmasterOf(pid, dataDirectory))) return;
    sendSignal(pid, signal);
    for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += pollMs) {
      if (!(await isPostmasterOf(pid, dataDirectory))) return;
      await sleep(pollMs);
    }
  }
  throw new LocalPostgresError('stop_failed', `the server with pid ${pid} in ${dataDirectory} does not stop`);
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (readErrno(error) === 'ESRCH') return;
    throw new LocalPostgresError(
      'stop_failed',
      `the server with pid ${pid} belongs to another user; stop it as that user`,
      { cause: error },
    );
  }
}
