import { createReadStream } from 'node:fs';
import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { giveTo } from '../cluster';
import { readErrno } from '../error';
import type { ServerUser } from '../server-user';

/** What belongs to the running server, or is made again at its start. As in "Low Level Base Backup" of the manual. */
const leftOut: ReadonlySet<string> = new Set(['postmaster.pid', 'postmaster.opts', 'current_logfiles']);
const emptied: ReadonlySet<string> = new Set([
  'pg_dynshmem',
  'pg_notify',
  'pg_replslot',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
  'pg_wal',
]);
/** Sorts and hash tables, caches of the catalog, and temporary tables. */
const transient = /^(pgsql_tmp.*|pg_internal\.init.*|t\d+_\d+(_\w+)?(\.\d+)?)$/;

/** Larger files are not read at once. */
const wholeFileBytes = 1_000_000;

/**
 * `to` holds the files that a standby needs of the running server's data directory `from`. Between `pg_backup_start`
 * and `pg_backup_stop` files may change, appear and vanish: recovery repairs what was torn and makes what is missing.
 */
export async function copyDataDirectory(
  from: string,
  to: string,
  options: { readonly user: ServerUser | undefined; readonly signal?: AbortSignal },
): Promise<void> {
  const copyFolder = async (folder: string, isTop: boolean): Promise<void> => {
    const entries = await readdir(join(from, folder), { withFileTypes: true }).catch(acceptVanished);
    const wanted = (entries ?? []).filter(
      ({ name }) => !transient.test(name) && !(isTop && leftOut.has(name)),
    );
    for (const { name } of wanted.filter((entry) => entry.isFile())) {
      options.signal?.throwIfAborted();
      await copyFile(join(from, folder, name), join(to, folder, name), options.user);
    }
    // The databases side by side, the files of each one after the other: enough to do at once, and few files open.
    await Promise.all(
      wanted
        .filter((entry) => entry.isDirectory())
        .map(async ({ name }) => {
          await mkdir(join(to, folder, name), { mode: 0o700 });
          await giveTo(join(to, folder, name), options.user);
          if (!(isTop && emptied.has(name))) await copyFolder(join(folder, name), false);
        }),
    );
  };
  await copyFolder('', true);
}

/** Not by `copyFile` of Node.js, which waits for ever for the rest of a file that is truncated meanwhile. */
async function copyFile(from: string, to: string, user: ServerUser | undefined): Promise<void> {
  const stats = await lstat(from).catch(acceptVanished);
  if (stats === undefined) return;
  const content =
    stats.size > wholeFileBytes ? createReadStream(from) : await readFile(from).catch(acceptVanished);
  if (content === undefined) return;
  await writeFile(to, content, { mode: 0o600 }).catch(acceptVanished);
  await giveTo(to, user);
}

function acceptVanished(error: unknown): undefined {
  if (readErrno(error) !== 'ENOENT') throw error;
  return undefined;
}
