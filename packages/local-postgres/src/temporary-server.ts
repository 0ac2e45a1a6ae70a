import { tmpdir } from 'node:os';
import { ensureDatabase } from './admin-connection';
import { credentials, renderUrl } from './credentials';
import { readPostgresVersion } from './environment';
import { LocalPostgresError } from './error';
import { startTimeoutMs, type TemporaryServer } from './postgres-server';
import { serverFolderAt } from './server-folder';
import type { ServerSettings } from './server-settings';
import { type Running, startSupervisedServer } from './supervised-server';
import type { ReplicaSource } from './supervisor-protocol';
import { removeTemporaryFolder } from './temporary-folder';
import type { PostgresVersion } from './version';

/** What a temporary server may differ in. */
export interface TemporaryServerOptions {
  /** Default: `HOLDFAST_POSTGRES`, or 17. */
  readonly version?: PostgresVersion;
  /** Configuration parameters, on top of those for tests (no flushing to disk). */
  readonly settings?: ServerSettings;
  /** Where its folder is made. Default: the system's folder for temporary files. */
  readonly parent?: string;
  /** How long the start may take. Default 60 000. */
  readonly timeoutMs?: number;
  /** Gives up the start; it does nothing later. */
  readonly signal?: AbortSignal;
}

/**
 * A new, empty server accepts connections on a free port of 127.0.0.1. It is gone, with its folder, after `stop()` or
 * when this process ends in any way; it does not keep this process alive. Fast rather than durable.
 * @throws LocalPostgresError
 */
export async function openTemporaryServer(options: TemporaryServerOptions = {}): Promise<TemporaryServer> {
  const server = await startTemporaryServer(options);
  try {
    await ensureDatabase(server.adminUrl, credentials.database);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/** A temporary server accepts connections, with no database of its own yet, or with those of the server it follows. */
export async function startTemporaryServer(
  options: TemporaryServerOptions & { readonly replicaOf?: ReplicaSource },
): Promise<TemporaryServer> {
  const { parent = tmpdir(), replicaOf, timeoutMs = startTimeoutMs } = options;
  const version = options.version ?? readPostgresVersion();
  const supervised = await startSupervisedServer(
    {
      version,
      place: { kind: 'temporary', parent, ...(replicaOf === undefined ? {} : { replicaOf }) },
      lifetime: 'owned',
      timeoutMs,
      ...(options.settings === undefined ? {} : { settings: options.settings }),
    },
    options.signal,
  );
  let { running } = supervised;
  const clean = () => removeTemporaryFolder(serverFolderAt(running.folder));
  supervised.onKilled(() => {
    // The next start anywhere would find what this cannot remove.
    clean().catch(() => undefined);
  });
  const stop = async () => {
    if ((await supervised.close()) !== undefined) await clean();
  };
  return {
    version,
    attached: false,
    folder: running.folder,
    get port() {
      return running.port;
    },
    get pid() {
      return running.pid;
    },
    get url() {
      return renderUrl(running.port);
    },
    get adminUrl() {
      return renderUrl(running.port, 'postgres');
    },
    halt: async (shutdown = 'fast') => {
      await supervised.command({ kind: 'halt', shutdown });
    },
    resume: async () => {
      running = await supervised.command({ kind: 'resume' }).then(requireRunning);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function requireRunning(reply: { readonly kind: string } | Running): Running {
  if ('port' in reply) return reply;
  throw new LocalPostgresError('supervisor_failed', `the supervisor answered "${reply.kind}" to a resume`);
}
