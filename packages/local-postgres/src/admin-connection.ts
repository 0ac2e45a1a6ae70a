import { setTimeout as sleep } from 'node:timers/promises';
import { Client, escapeIdentifier } from 'pg';

const attempts = 3;
const pauseMs = 100;

/** Runs one piece of administration on a connection of its own, closed afterwards. */
export async function withConnection<Result>(
  url: string,
  run: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client({ connectionString: url, application_name: 'holdfast local-postgres' });
  // A server that is stopped under us reports it on the connection; the running query rejects as well.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}

/** The server answers a query and has the named database, made now if somebody dropped it. */
export async function ensureDatabase(adminUrl: string, database: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withConnection(adminUrl, async (client) => {
        const found = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
        if (found.rowCount === 0) await client.query(`CREATE DATABASE ${escapeIdentifier(database)}`);
      });
    } catch (error) {
      // Two processes that open the same server may both find the database missing; the slower one fails here.
      if (attempt === attempts) throw error;
      await sleep(pauseMs);
    }
  }
}
