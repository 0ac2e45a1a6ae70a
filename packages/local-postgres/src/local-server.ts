import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { ensureDatabase } from './admin-connection';
import { credentials, renderUrl } from './credentials';
import { readPostgresVersion } from './environment';
import { measureFolder } from './folder-size';
import { type PostgresServer, startTimeoutMs } from './postgres-server';
import {
  type PostmasterFile,
  readLivePostmaster,
  stopPostmaster,
  waitForSettledPostmaster,
} from './postmaster';
import { keptServerFolder } from './server-folder';
import { type SupervisedServer, startSupervisedServer } from './supervised-server';
import type { StartRequest } from './supervisor-protocol';
import type { PostgresVersion } from './version';

/** Which kept server is meant. */
export interface LocalServerOptions {
  /** Where kept servers live, one folder for each major version: usually `.holdfast`. */
  readonly directory: string;
  /** Default: `HOLDFAST_POSTGRES`, or 17. */
  readonly version?: PostgresVersion;
  /** How long a start may take. Default 60 000. */
  readonly timeoutMs?: number;
  /** Gives up the start; it does nothing later. */
  readonly signal?: AbortSignal;
}

/** A kept server that accepts connections at the moment. */
export interface LocalServerStatus {
  readonly version: PostgresVersion;
  readonly port: number;
  readonly pid: number;
  readonly url: string;
  readonly adminUrl: string;
  readonly folder: string;
  /** Everything in the folder: data, write-ahead log and server log. */
  readonly sizeBytes: number;
  readonly startedAt: Date;
}

/**
 * The kept server of a directory accepts connections. If it already runs, this attaches to it and `stop()` leaves it
 * running; otherwise it is started and ends with this process, however that ends. Data is durable and kept.
 * @throws LocalPostgresError
 */
export async function openLocalServer(options: LocalServerOptions): Promise<PostgresServer> {
  const { version, supervised } = await launch(options, 'owned');
  const { port, pid, folder, attached } = supervised.running;
  const stop = async () => {
    // A killed supervisor leaves the server behind where the kernel cannot tell it so; it is ours all the same.
    if ((await supervised.close()) !== undefined && !attached) {
      await stopPostmaster(pid, keptServerFolder(resolveDirectory(options.directory), version).data);
    }
  };
  return {
    version,
    port,
    pid,
    folder,
    attached,
    url: renderUrl(port),
    adminUrl: renderUrl(port, 'postgres'),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/**
 * The kept server of a directory accepts connections and outlives this process.
 * @returns its status, and whether it was running before.
 * @throws LocalPostgresError
 */
export async function startLocalServer(
  options: LocalServerOptions,
): Promise<LocalServerStatus & { readonly attached: boolean }> {
  const { version, supervised } = await launch(options, 'background');
  const { attached } = supervised.running;
  await supervised.close();
  const status = await readLocalServer({ ...options, version });
  if (status === undefined) return startLocalServer(options);
  return { ...status, attached };
}

/**
 * The kept server of a directory does not run; its data stays.
 * @returns whether it was running.
 * @throws LocalPostgresError `stop_failed`
 */
export async function stopLocalServer(options: LocalServerOptions): Promise<boolean> {
  const { data } = locate(options);
  const live = await readLivePostmaster(data);
  if (live === undefined) return false;
  await stopPostmaster(live.pid, data);
  return true;
}

/** The kept server of a directory, if it runs; one that is starting or stopping is waited for. */
export async function readLocalServer(options: LocalServerOptions): Promise<LocalServerStatus | undefined> {
  const { version, folder, data } = locate(options);
  const live: PostmasterFile | undefined = await waitForSettledPostmaster(data, {
    timeoutMs: options.timeoutMs ?? startTimeoutMs,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (live === undefined) return undefined;
  return {
    version,
    port: live.port,
    pid: live.pid,
    url: renderUrl(live.port),
    adminUrl: renderUrl(live.port, 'postgres'),
    folder,
    sizeBytes: await measureFolder(folder),
    startedAt: live.startedAt,
  };
}

async function launch(
  options: LocalServerOptions,
  lifetime: StartRequest['lifetime'],
): Promise<{ version: PostgresVersion; supervised: SupervisedServer }> {
  const version = options.version ?? readPostgresVersion();
  const supervised = await startSupervisedServer(
    {
      version,
      place: { kind: 'kept', directory: resolve(options.directory) },
      lifetime,
      timeoutMs: options.timeoutMs ?? startTimeoutMs,
    },
    options.signal,
  );
  try {
    await ensureDatabase(renderUrl(supervised.running.port, 'postgres'), credentials.database);
    return { version, supervised };
  } catch (error) {
    await supervised.close();
    throw error;
  }
}

function locate(options: LocalServerOptions): { version: PostgresVersion; folder: string; data: string } {
  const version = options.version ?? readPostgresVersion();
  const { path, data } = keptServerFolder(resolveDirectory(options.directory), version);
  return { version, folder: path, data };
}

/** The path a postmaster was started with: absolute, symbolic links followed. */
function resolveDirectory(directory: string): string {
  const absolute = resolve(directory);
  return existsSync(absolute) ? realpathSync(absolute) : absolute;
}
