import { Client, type ClientConfig } from 'pg';

/** A connected client, ended at the end of the scope. A connection that breaks fails its queries and nothing else. */
export async function openClient(url: string, options: ClientConfig = {}): Promise<Client & AsyncDisposable> {
  const client = new Client({ connectionString: url, ...options });
  client.on('error', () => undefined);
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

/** The values of all rows of one statement, run on a connection of its own. */
export async function query(url: string, sql: string): Promise<unknown[]> {
  await using client = await openClient(url);
  return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
}
