import { execFileSync } from 'node:child_process';
import { lstatSync } from 'node:fs';
import { LocalPostgresError } from './error';

/** The unprivileged user a server runs as when it is started by root, because PostgreSQL refuses to run as root. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** Existing users that are dropped to, in this order; none is ever created. */
const candidates = ['postgres', 'nobody'];

/**
 * The user to run a server as: undefined means "as ourselves", which is right for everybody but root. A folder that
 * already belongs to an ordinary user keeps belonging to them.
 * @throws LocalPostgresError `folder_not_owned` or `no_server_user`
 */
export function chooseServerUser(
  dataDirectory: string,
  ourUid: number | undefined = process.getuid?.(),
  names: readonly string[] = candidates,
): ServerUser | undefined {
  const owner = readOwner(dataDirectory);
  if (ourUid !== 0) {
    if (owner === undefined || owner.uid === ourUid) return undefined;
    throw new LocalPostgresError(
      'folder_not_owned',
      `${dataDirectory} belongs to uid ${owner.uid}, not to you (uid ${ourUid}); start it as that user, or remove it`,
    );
  }
  if (owner !== undefined && owner.uid !== 0) return owner;
  for (const name of names) {
    const user = readUser(name);
    if (user !== undefined && user.uid !== 0) return user;
  }
  throw new LocalPostgresError(
    'no_server_user',
    `PostgreSQL refuses to run as root and none of the users ${names.join(', ')} exists; run as an ordinary user`,
  );
}

function readOwner(path: string): ServerUser | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats === undefined ? undefined : { uid: stats.uid, gid: stats.gid };
}

function readUser(name: string): ServerUser | undefined {
  try {
    const read = (flag: string) =>
      Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: read('-u'), gid: read('-g') };
  } catch {
    return undefined;
  }
}
