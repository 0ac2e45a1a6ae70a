import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { giveTo } from '../cluster';
import { renderUrl } from '../credentials';
import { LocalPostgresError } from '../error';
import { createLauncher, type Launcher } from '../launcher';
import { planPorts } from '../port';
import type { PostgresServer } from '../postgres-server';
import { chooseServerUser, type ServerUser } from '../server-user';
import { type PgBouncerMode, type PgBouncerSettings, renderPgBouncerConfig } from './config';
import { requirePgBouncer } from './program';

/** How a PgBouncer pools. */
export interface PgBouncerOptions {
  readonly mode: PgBouncerMode;
  /** Most connections to the server for each database, 1 to 10 000. Default 10. */
  readonly poolSize?: number;
  /** Further options of PgBouncer, such as `ignore_startup_parameters`. */
  readonly settings?: PgBouncerSettings;
}

/** A PgBouncer that accepts connections for one server. */
export interface PgBouncer extends AsyncDisposable {
  readonly mode: PgBouncerMode;
  readonly port: number;
  readonly pid: number;
  /** Connection URL of the database `holdfast` through the pooler; any other database of the server works as well. */
  readonly url: string;
  /** The pooler has ended, and every connection through it. Calling it again does nothing. */
  stop(): Promise<void>;
}

const defaultPoolSize = 10;
const maximumPoolSize = 10_000;
const portAttempts = 10;
const pollMs = 10;
const startTimeoutMs = 20_000;

/**
 * A PgBouncer accepts connections on a free port of 127.0.0.1 and pools those to the server. It runs until `stop()` or
 * until this process ends (on Linux in any way; elsewhere it outlives a process that is killed), and does not keep this
 * process alive. It goes on looking for the server on the port that it has now.
 * @throws LocalPostgresError `pgbouncer_missing`, `setting_invalid`, or `start_failed` with PgBouncer's last words
 */
export async function openPgBouncer(server: PostgresServer, options: PgBouncerOptions): Promise<PgBouncer> {
  const { mode, poolSize = defaultPoolSize, settings } = options;
  if (!Number.isInteger(poolSize) || poolSize < 1 || poolSize > maximumPoolSize) {
    throw new LocalPostgresError(
      'setting_invalid',
      `poolSize is ${poolSize}; allowed: whole numbers from 1 to ${maximumPoolSize}`,
    );
  }
  const program = requirePgBouncer();
  const user = chooseServerUser(server.folder);
  // Inside the server's folder, so that it goes with that if this process cannot remove it.
  const folder = await mkdtemp(join(server.folder, 'pgbouncer-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await giveTo(folder, user);
    // PgBouncer has nothing to lose, and no gentler signal means "now" in all of its versions.
    const launcher = await createLauncher({ program, folder, user, parentDeathSignal: 'KILL' });
    const config = {
      serverPort: server.port,
      mode,
      poolSize,
      ...(settings === undefined ? {} : { settings }),
    };
    const { child, pid, port } = await startOnFreePort({ program, folder, user, launcher }, (freePort) =>
      renderPgBouncerConfig({ ...config, port: freePort }),
    );
    const stop = async () => {
      await kill(child);
      await remove();
    };
    return { mode, port, pid, url: renderUrl(port), stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await remove();
    throw error;
  }
}

interface Place {
  readonly program: string;
  readonly folder: string;
  readonly user: ServerUser | undefined;
  readonly launcher: Launcher;
}

interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly port: number;
}

/** Somebody may take a port between choosing and binding it; then the next one is tried. */
async function startOnFreePort(place: Place, renderConfig: (port: number) => string): Promise<Started> {
  let attempts = 0;
  for await (const port of planPorts([])) {
    const started = await startOn(place, renderConfig(port));
    if (typeof started !== 'string') return { ...started, port };
    attempts += 1;
    if (!started.includes('Address already in use') || attempts === portAttempts) {
      throw new LocalPostgresError('start_failed', `PgBouncer did not start: ${describeFailure(started)}`);
    }
  }
  throw new LocalPostgresError('start_failed', 'no port was left to try for PgBouncer');
}

/** Resolves with the log, if it ended instead of accepting connections. */
async function startOn(place: Place, config: string): Promise<Omit<Started, 'port'> | string> {
  const configFile = join(place.folder, 'pgbouncer.ini');
  await writeFile(configFile, config, { mode: 0o600 });
  await giveTo(configFile, place.user);
  const logFile = join(place.folder, 'pgbouncer.log');
  const log = await open(logFile, 'w', 0o600);
  try {
    const { file, args, options } = place.launcher(place.program, [configFile]);
    const child = spawn(file, args, { ...options, detached: true, stdio: ['ignore', log.fd, log.fd] });
    child.once('error', () => undefined);
    child.unref();
    for (let waitedMs = 0; waitedMs < startTimeoutMs; waitedMs += pollMs) {
      const words = await readFile(logFile, 'utf8');
      if (child.pid !== undefined && words.includes('process up')) return { child, pid: child.pid };
      if (hasEnded(child) || child.pid === undefined) return readFile(logFile, 'utf8');
      await sleep(pollMs);
    }
    await kill(child);
    return readFile(logFile, 'utf8');
  } finally {
    await log.close();
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (hasEnded(child) || child.pid === undefined) return;
  const ended = once(child, 'exit');
  child.ref();
  child.kill('SIGKILL');
  await ended;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function describeFailure(log: string): string {
  const lines = log.split('\n').filter((line) => /ERROR|FATAL|WARNING/.test(line));
  const reason = lines.map((line) => line.replace(/^.*?\] (\w+) (\S+: )?/, '')).join('; ');
  return reason || log.trim().split('\n').at(-1) || 'it said nothing';
}
