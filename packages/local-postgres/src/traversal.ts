import { realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ServerUser } from './server-user';

/**
 * The outermost folder on the way to `path` (itself included) that a user may not enter; undefined if they can reach it.
 * Only the permission bits are read: where an access control list grants more, this errs towards "not".
 */
export function findUntraversableFolder(
  path: string,
  user: ServerUser,
  readStats: (path: string) => Pick<Stats, 'mode' | 'uid' | 'gid'> = statSync,
): string | undefined {
  const folders: string[] = [];
  for (let folder = path; ; folder = dirname(folder)) {
    folders.unshift(folder);
    if (folder === dirname(folder)) break;
  }
  return folders.find((folder) => !mayEnter(readStats(folder), user));
}

/** As `findUntraversableFolder`, with symbolic links on the way followed first. */
export function findBlockedFolder(path: string, user: ServerUser): string | undefined {
  return findUntraversableFolder(realpathSync(path), user);
}

function mayEnter({ mode, uid, gid }: Pick<Stats, 'mode' | 'uid' | 'gid'>, user: ServerUser): boolean {
  if (uid === user.uid) return (mode & 0o100) !== 0;
  if (gid === user.gid) return (mode & 0o010) !== 0;
  return (mode & 0o001) !== 0;
}
