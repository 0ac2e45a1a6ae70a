import { createDataSource, readEnvironment, type Variables } from '@holdfast/db';
import { openLocalServer } from '@holdfast/local-postgres';
import { closeDataSource, openDataSource, redactUrl } from '@holdfast/postgres';
import type { DataSource } from 'typeorm';
import type { ToolSettings } from './settings';

/** A server to work on, and this process's hold on it. */
export interface Database extends AsyncDisposable {
  /** Which server it is, in a few words. */
  readonly description: string;
  /** Holds a password. */
  readonly url: string;
  /** The variables given, with those of the database naming this server. */
  readonly variables: Variables;
  /** Whether the server is the one that is kept here. */
  readonly isLocal: boolean;
}

/**
 * The server of `DATABASE_URL`, or else the kept local one, is there to be used. Disposing of it stops the local
 * server if it was started here, and leaves it running if it ran before.
 *
 * @throws LocalPostgresError if the local server does not start; the signal's reason.
 */
export async function openDatabase(settings: ToolSettings, signal: AbortSignal): Promise<Database> {
  const { databaseUrl, directory, variables } = settings;
  if (databaseUrl !== undefined) {
    return {
      description: `Using ${redactUrl(databaseUrl)}`,
      url: databaseUrl,
      variables,
      isLocal: false,
      [Symbol.asyncDispose]: async () => {},
    };
  }
  const server = await openLocalServer({ directory, signal });
  return {
    description: `PostgreSQL ${server.version} ${server.attached ? 'runs already' : 'started'} in ${server.folder}`,
    url: server.url,
    // What is meant for another server must not keep this one from being reached.
    variables: { ...variables, DATABASE_URL: server.url, DATABASE_SSL: 'disable' },
    isLocal: true,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** How long somebody at a terminal waits for one answer of a silent server, in ms, unless told otherwise. */
const PATIENCE_MS = '10000';

/** Runs work on an open DataSource of the database; it is closed afterwards. @throws DatabaseConnectionError */
export async function withDataSource<T>(
  { variables }: Database,
  signal: AbortSignal,
  work: (dataSource: DataSource) => Promise<T>,
): Promise<T> {
  const dataSource = createDataSource(readEnvironment(variables), {
    ...variables,
    DATABASE_POOL_ACQUIRE_MS: variables.DATABASE_POOL_ACQUIRE_MS || PATIENCE_MS,
  });
  await openDataSource(dataSource, { signal });
  try {
    return await work(dataSource);
  } finally {
    await closeDataSource(dataSource);
  }
}
