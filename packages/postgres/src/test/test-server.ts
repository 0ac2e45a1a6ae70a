import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import type { ClientBase } from 'pg';
import { openPool } from './settings';

/** A server for the pools under test, and a connection beside them that looks on and breaks them. */
export interface TestServer extends AsyncDisposable {
  readonly server: TemporaryServer;
  readonly url: string;
  readonly admin: ReturnType<typeof openPool>;
  /** Backends of the pools under test, as the server sees them. */
  countBackends(): Promise<number>;
  /** Tells a backend to end its session, as an administrator or a failover does. */
  endBackend(pid: number): Promise<void>;
  /** Ends the session of a connection, and waits until its client knows. */
  endSession(connection: ClientBase): Promise<void>;
}

/** Starts a server. */
export async function openTestServer(): Promise<TestServer> {
  const server = await openTemporaryServer();
  const admin = openPool(server.adminUrl, { max: 1 });
  const endBackend = async (pid: number): Promise<void> => {
    await admin.query('SELECT pg_terminate_backend($1)', [pid]);
  };
  return {
    server,
    url: server.url,
    admin,
    async countBackends() {
      const { rows } = await admin.query<{ count: number }>(`
        SELECT count(*)::int AS count
        FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
      `);
      return rows[0]?.count ?? -1;
    },
    endBackend,
    async endSession(connection) {
      const ended = new Promise((resolve) => connection.once('end', resolve));
      await endBackend(await readPid(connection));
      await ended;
    },
    async [Symbol.asyncDispose]() {
      await admin.end();
      await server.stop();
    },
  };
}

/** Asks a connection which backend serves it. */
export async function readPid(connection: {
  query(text: string): Promise<{ rows: { pid: number }[] }>;
}): Promise<number> {
  const { rows } = await connection.query('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid ?? -1;
}
