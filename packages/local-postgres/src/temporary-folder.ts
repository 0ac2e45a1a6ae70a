import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isPostmasterOf, readPostmasterFile, stopPostmaster } from './postmaster';
import { readNamespace, readProcessIdentity } from './process-identity';
import { type ServerFolder, serverFolderAt } from './server-folder';
import type { ServerUser } from './server-user';

/** Who looks after a temporary folder is part of its name, so there is no moment at which it is not known. */
const namePattern = /^holdfast-postgres-(\d+)-((\d+)-\d+)-[0-9a-f]{12}$/;

/** A new folder for a temporary server, looked after by this process. It is abandoned when this process is gone. */
export async function createTemporaryFolder(parent: string): Promise<ServerFolder> {
  const identity = await readProcessIdentity(process.pid);
  const name = `holdfast-postgres-${process.pid}-${identity}-${randomBytes(6).toString('hex')}`;
  const path = join(await realpath(parent), name);
  await mkdir(path, { mode: 0o700 });
  return serverFolderAt(path);
}

/** A temporary server's folder and everything in it is gone, and its postmaster before it. */
export async function removeTemporaryFolder(folder: ServerFolder): Promise<void> {
  const file = await readPostmasterFile(folder.data);
  if (file !== undefined && (await isPostmasterOf(file.pid, folder.data))) {
    await stopPostmaster(file.pid, folder.data, 'immediate');
  }
  await rm(folder.path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

/**
 * Folders of temporary servers whose supervisor is gone are removed, and the servers still running in them stopped.
 * Folders of other users, and of other process namespaces (containers that share the parent folder), are left alone.
 */
export async function removeAbandonedFolders(parent: string, user: ServerUser | undefined): Promise<void> {
  const ours = [process.getuid?.(), user?.uid];
  const namespace = await readNamespace();
  const root = await realpath(parent);
  for (const name of await readdir(root)) {
    const [, pid, identity, folderNamespace] = namePattern.exec(name) ?? [];
    if (pid === undefined || folderNamespace !== namespace) continue;
    const path = join(root, name);
    const stats = await lstat(path).catch(() => undefined);
    if (stats?.isDirectory() !== true || !ours.includes(stats.uid)) continue;
    if ((await readProcessIdentity(Number(pid))) === identity) continue;
    await removeTemporaryFolder(serverFolderAt(path));
  }
}
