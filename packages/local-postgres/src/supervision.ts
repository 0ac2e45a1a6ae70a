import { once } from 'node:events';
import { realpath } from 'node:fs/promises';
import { locateBinaries } from './binaries';
import { ensureCluster, giveTo } from './cluster';
import { directoryVariable } from './environment';
import { LocalPostgresError } from './error';
import { createLauncher } from './launcher';
import { makeFolder } from './make-folder';
import { planPorts } from './port';
import { isPostmasterOf, stopPostmaster, waitForSettledPostmaster } from './postmaster';
import { copyCluster, dropSlot } from './replica/base-backup';
import { keptServerFolder, type ServerFolder } from './server-folder';
import { chooseServerUser, type ServerUser } from './server-user';
import { prepareBinaries } from './shared-library-links';
import { acquireStartLock } from './start-lock';
import {
  type PostmasterRequest,
  type RunningPostmaster,
  readLastPort,
  startPostmaster,
} from './start-postmaster';
import type { Command, Reply, StartRequest } from './supervisor-protocol';
import { createTemporaryFolder, removeAbandonedFolders, removeTemporaryFolder } from './temporary-folder';
import { preferredPort } from './version';

/** The process a server belongs to, as its supervisor sees it. */
export interface Owner {
  /** Aborted when the owner is gone or has closed the channel. */
  readonly gone: AbortSignal;
  send(reply: Reply): void;
  /** Commands in the order they came; ends when the owner is gone. */
  readonly commands: AsyncIterable<Command>;
}

/**
 * A server has been started as asked and, unless it is a background server, has lived exactly as long as its owner:
 * when this ends, however it ends, neither a temporary server's folder nor an owned server's process is left.
 */
export async function supervise(request: StartRequest, owner: Owner): Promise<void> {
  const folder = await openFolder(request);
  try {
    const server = await start(request, folder, owner);
    if (server !== undefined && request.lifetime === 'owned') await guard(server, request, folder, owner);
    if (server !== undefined && request.lifetime === 'background') server.postmaster.process.unref();
  } finally {
    if (request.place.kind === 'temporary') {
      await removeTemporaryFolder(folder);
      if (request.place.replicaOf !== undefined) await dropSlot(request.place.replicaOf);
    }
  }
}

type PreparedStart = Omit<PostmasterRequest, 'ports'>;

interface StartedServer {
  postmaster: RunningPostmaster;
  /** What it was started with, for starting it again. */
  readonly prepared: PreparedStart;
}

async function openFolder({ place, version }: StartRequest): Promise<ServerFolder> {
  if (place.kind === 'temporary') return createTemporaryFolder(place.parent);
  try {
    await makeFolder(place.directory);
    const folder = keptServerFolder(await realpath(place.directory), version);
    await makeFolder(folder.path, 0o700);
    return folder;
  } catch (error) {
    throw new LocalPostgresError(
      'folder_not_made',
      `the folder for the server's data cannot be made (${error instanceof Error ? error.message : String(error)}); choose another with ${directoryVariable}`,
      { cause: error },
    );
  }
}

/** Resolves with undefined if another process was faster and its server is used. */
async function start(
  request: StartRequest,
  folder: ServerFolder,
  owner: Owner,
): Promise<StartedServer | undefined> {
  const { timeoutMs } = request;
  const waiting = { timeoutMs, signal: owner.gone };
  const temporary = request.place.kind === 'temporary';
  const user = chooseServerUser(folder.path);
  const prepared = await prepare(request, folder, user, owner.gone);

  await using _lock = await acquireStartLock(folder.path, waiting);
  const live = await waitForSettledPostmaster(folder.data, waiting);
  if (live !== undefined) {
    owner.send({ kind: 'running', attached: true, pid: live.pid, port: live.port, folder: folder.path });
    return undefined;
  }
  await Promise.all([
    fill(folder, request, prepared),
    request.place.kind === 'temporary' ? sweep(request.place.parent, user) : undefined,
  ]);
  const preferred = temporary ? [] : [preferredPort(request.version), ...(await readLastPort(folder))];
  const postmaster = await startPostmaster(folder, { ...prepared, ports: planPorts(preferred) });
  announce(postmaster, folder, owner);
  return { postmaster, prepared };
}

async function prepare(
  request: StartRequest,
  folder: ServerFolder,
  user: ServerUser | undefined,
  signal: AbortSignal,
): Promise<PreparedStart> {
  const binaries = locateBinaries(request.version);
  prepareBinaries(binaries);
  await giveTo(folder.path, user);
  const launcher = await createLauncher({
    program: binaries.postgres,
    folder: folder.path,
    user,
    ...(request.lifetime === 'owned' ? { parentDeathSignal: 'INT' } : {}),
  });
  return {
    binaries,
    launcher,
    user,
    temporary: request.place.kind === 'temporary',
    timeoutMs: request.timeoutMs,
    signal,
    ...(request.settings === undefined ? {} : { settings: request.settings }),
  };
}

function fill(folder: ServerFolder, { place }: StartRequest, prepared: PreparedStart): Promise<void> {
  if (place.kind === 'kept' || place.replicaOf === undefined) return ensureCluster(folder, prepared);
  return copyCluster(folder, place.replicaOf, prepared);
}

/** What others left behind must not keep anybody from starting. */
async function sweep(parent: string, user: ServerUser | undefined): Promise<void> {
  await removeAbandonedFolders(parent, user).catch(() => undefined);
}

function announce(postmaster: RunningPostmaster, folder: ServerFolder, owner: Owner): void {
  owner.send({
    kind: 'running',
    attached: false,
    pid: postmaster.pid,
    port: postmaster.port,
    folder: folder.path,
  });
}

/** Ends when the owner is gone and the server stopped, or when somebody else stopped a kept server. */
async function guard(
  server: StartedServer,
  request: StartRequest,
  folder: ServerFolder,
  owner: Owner,
): Promise<void> {
  const stop = () => stopPostmaster(server.postmaster.pid, folder.data, 'fast');
  try {
    if (request.place.kind === 'kept') {
      await waitForEnd(server.postmaster, owner.gone);
      return;
    }
    for await (const command of owner.commands) {
      switch (command.kind) {
        case 'halt':
          await stopPostmaster(server.postmaster.pid, folder.data, command.shutdown);
          owner.send({ kind: 'halted' });
          break;
        case 'resume':
          if (!(await isPostmasterOf(server.postmaster.pid, folder.data))) {
            server.postmaster = await startPostmaster(folder, {
              ...server.prepared,
              ports: planPorts([server.postmaster.port]),
            });
          }
          announce(server.postmaster, folder, owner);
          break;
        default:
          command satisfies never;
      }
    }
  } finally {
    await stop();
  }
}

async function waitForEnd(postmaster: RunningPostmaster, gone: AbortSignal): Promise<void> {
  if (postmaster.process.exitCode !== null || postmaster.process.signalCode !== null) return;
  await once(postmaster.process, 'exit', { signal: gone }).catch(() => undefined);
}
