import { type Client, escapeIdentifier } from 'pg';
import { withConnection } from './admin-connection';
import { withDatabase } from './credentials';

/** What a new database may be made from. */
export interface CreateDatabaseOptions {
  /** The database to copy; nobody may be connected to it. Default: an empty database. */
  readonly template?: string;
}

/** What was still open on a database when it was dropped. */
export interface DroppedDatabase {
  /** `application_name` of each client connection that had to be ended. */
  readonly endedConnections: readonly string[];
}

const goodbyePatienceMs = 1_000;

/**
 * The database exists, as a copy of the template if one is given.
 * @param adminUrl a database on the same server other than the template
 * @returns the URL of the new database
 */
export async function createDatabase(
  adminUrl: string,
  name: string,
  options: CreateDatabaseOptions = {},
): Promise<string> {
  // Written through the write-ahead log (wal_log, the default strategy): for databases of a few megabytes it costs what
  // file_copy does, without the checkpoint that file_copy forces on everybody else.
  const source = options.template === undefined ? '' : ` TEMPLATE ${escapeIdentifier(options.template)}`;
  await withConnection(adminUrl, (client) =>
    client.query(`CREATE DATABASE ${escapeIdentifier(name)}${source} STRATEGY wal_log`),
  );
  return withDatabase(adminUrl, name);
}

/** The database does not exist. Connections to it have been ended, those that were already closing not counted. */
export async function dropDatabase(adminUrl: string, name: string): Promise<DroppedDatabase> {
  return withConnection(adminUrl, async (client) => {
    const endedConnections = await readOpenConnections(client, name);
    await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`);
    return { endedConnections };
  });
}

/**
 * The client connections that stay open on a database, by `application_name`. A client that has just said goodbye is
 * still listed until its backend ends, so those are given a moment.
 */
export async function readOpenConnections(client: Client, database: string): Promise<readonly string[]> {
  const giveUpAt = performance.now() + goodbyePatienceMs;
  while (true) {
    const { rows } = await client.query<{ application_name: string }>(
      `SELECT application_name
         FROM pg_stat_activity
        WHERE datname = $1
          AND backend_type = 'client backend'
          AND pid <> pg_backend_pid()`,
      [database],
    );
    if (rows.length === 0 || performance.now() > giveUpAt) return rows.map((row) => row.application_name);
    await client.query('SELECT pg_sleep(0.02)');
  }
}
