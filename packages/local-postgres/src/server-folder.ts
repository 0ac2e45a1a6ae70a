import { join } from 'node:path';
import type { PostgresVersion } from './version';

/** The files of one server. The folder belongs to the user the server runs as. */
export interface ServerFolder {
  readonly path: string;
  /** PostgreSQL's data directory. It exists only if it is complete. */
  readonly data: string;
  readonly log: string;
  /** The port of the last start. */
  readonly lastPort: string;
}

/** Names the files of a server inside its folder. */
export function serverFolderAt(path: string): ServerFolder {
  return {
    path,
    data: join(path, 'data'),
    log: join(path, 'server.log'),
    lastPort: join(path, 'last-port'),
  };
}

/** Where the kept server of a version lives inside a directory such as `.holdfast`. */
export function keptServerFolder(directory: string, version: PostgresVersion): ServerFolder {
  return serverFolderAt(join(directory, `postgres-${version}`));
}
