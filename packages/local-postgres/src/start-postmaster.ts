import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresBinaries } from './binaries';
import { giveTo } from './cluster';
import { LocalPostgresError } from './error';
import type { Launcher } from './launcher';
import { isPostmasterOf, readPostmasterFile, stopPostmaster } from './postmaster';
import { isProcessAlive } from './process-identity';
import type { ServerFolder } from './server-folder';
import { renderServerSettings, type ServerSettings } from './server-settings';
import type { ServerUser } from './server-user';

const pollMs = 10;
const maximumLogBytes = 10_000_000;
const portAttempts = 10;
const orphanAttempts = 50;
const orphanPauseMs = 100;

/** What a postmaster is started with. */
export interface PostmasterRequest {
  readonly binaries: PostgresBinaries;
  readonly launcher: Launcher;
  readonly user: ServerUser | undefined;
  readonly temporary: boolean;
  readonly settings?: ServerSettings;
  /** The ports to try, each of them free when it is handed out. */
  readonly ports: AsyncIterable<number>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** A postmaster that accepts connections and is our child. */
export interface RunningPostmaster {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly port: number;
}

/**
 * A postmaster runs on the data directory of a folder and accepts connections. Should somebody take the port between
 * choosing and binding it, the next one is tried. The caller holds the start lock and knows that no postmaster runs.
 * @throws LocalPostgresError `start_failed`, with the server's last words, or `start_timed_out`
 */
export async function startPostmaster(
  folder: ServerFolder,
  request: PostmasterRequest,
): Promise<RunningPostmaster> {
  await releaseReusedPid(folder.data);
  let attempts = 0;
  for await (const port of request.ports) {
    const started = await startAfterOrphans(port, folder, request);
    if (typeof started !== 'string') {
      await writeFile(folder.lastPort, `${port}\n`);
      await giveTo(folder.lastPort, request.user);
      return started;
    }
    attempts += 1;
    // PostgreSQL exits with the same status for every failure; its messages are always English here (lc_messages).
    if (!started.includes('could not bind') || attempts === portAttempts) {
      throw new LocalPostgresError('start_failed', describeFailure(folder, started));
    }
  }
  throw new LocalPostgresError('start_failed', `no port was left to try for the server in ${folder.path}`);
}

/** The port of the last start, if there was one. */
export async function readLastPort(folder: ServerFolder): Promise<readonly number[]> {
  const port = Number(await readFile(folder.lastPort, 'utf8').catch(() => 'none'));
  return Number.isInteger(port) && port > 1023 && port < 65_536 ? [port] : [];
}

/**
 * PostgreSQL refuses to start if the process named by a left-over lock file is alive, whatever that process is. It
 * takes its own parent's id for stale, though, so ours is written there. The file is not simply removed: PostgreSQL
 * also finds in it the shared memory of backends that survived a killed postmaster, and waits for those rightly.
 */
async function releaseReusedPid(dataDirectory: string): Promise<void> {
  const file = await readPostmasterFile(dataDirectory);
  if (file === undefined || !isProcessAlive(file.pid) || (await isPostmasterOf(file.pid, dataDirectory)))
    return;
  const path = join(dataDirectory, 'postmaster.pid');
  const lines = (await readFile(path, 'utf8')).split('\n');
  await writeFile(path, [String(process.pid), ...lines.slice(1)].join('\n'));
}

/** Backends outlive a killed postmaster for a moment, and PostgreSQL rightly refuses to start beside them. */
async function startAfterOrphans(
  port: number,
  folder: ServerFolder,
  request: PostmasterRequest,
): Promise<RunningPostmaster | string> {
  for (let attempt = 1; ; attempt += 1) {
    const started = await startOn(port, folder, request);
    const isRefused = typeof started === 'string' && started.includes('pre-existing shared memory block');
    if (!isRefused || attempt === orphanAttempts) return started;
    await sleep(orphanPauseMs);
  }
}

/** Resolves with the log of the attempt, if the server ended instead of becoming ready. */
async function startOn(
  port: number,
  folder: ServerFolder,
  request: PostmasterRequest,
): Promise<RunningPostmaster | string> {
  const settings = join(folder.data, 'holdfast.conf');
  await writeFile(settings, renderServerSettings(port, request));
  await giveTo(settings, request.user);
  await rotateLog(folder.log);
  const log = await open(folder.log, 'a', 0o600);
  await giveTo(folder.log, request.user);
  const { size: logStart } = await log.stat();
  const launch = request.launcher(request.binaries.postgres, ['-D', folder.data]);
  const child = spawn(launch.file, launch.args, {
    ...launch.options,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  const ended = once(child, 'exit').then(
    () => true,
    () => true,
  );
  try {
    const { pid } = child;
    if (pid === undefined || !(await waitUntilReady(pid, folder, request, ended))) {
      await ended;
      return (await readFile(folder.log)).subarray(logStart).toString('utf8');
    }
    return { process: child, pid, port };
  } finally {
    await log.close();
  }
}

async function waitUntilReady(
  pid: number,
  folder: ServerFolder,
  request: PostmasterRequest,
  ended: Promise<boolean>,
): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < request.timeoutMs; waitedMs += pollMs) {
    const file = await readPostmasterFile(folder.data);
    if (file?.pid === pid && file.status === 'ready') return true;
    if (await Promise.race([ended, sleep(pollMs, false)])) return false;
    if (request.signal?.aborted === true) break;
  }
  await stopPostmaster(pid, folder.data, 'immediate');
  request.signal?.throwIfAborted();
  throw new LocalPostgresError(
    'start_timed_out',
    `the server in ${folder.path} did not accept connections within ${request.timeoutMs} ms; see ${folder.log}`,
  );
}

async function rotateLog(path: string): Promise<void> {
  const size = await stat(path).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size > maximumLogBytes) await rename(path, `${path}.1`);
}

/** A FATAL alone may only say that a file contains errors; which they are was logged before it. */
function describeFailure(folder: ServerFolder, log: string): string {
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  const telling = lines.filter((line) => /FATAL|PANIC|invalid|unrecognized|could not/.test(line));
  const reason = (telling.length > 0 ? telling : lines.slice(-1)).map((line) => line.replace(/^.*?\] +/, ''));
  return `the server in ${folder.path} did not start: ${reason.join('; ') || 'it said nothing'}`;
}
