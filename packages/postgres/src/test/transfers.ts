import type { StructuredLogger } from '@holdfast/resilience';
import { Client } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { createPostgresDataSource } from '../data-source/data-source';
import { closeDataSource, openDataSource } from '../data-source/open-data-source';
import type { PoolSettings } from '../pool/pool-settings';
import { settings } from './settings';

/** Makes the tables of the tests: accounts with 100 each, and transfers by key. */
export async function createTables(url: string): Promise<void> {
  await withClient(url, async (client) => {
    await client.query(`
      CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL CHECK (balance >= 0));
      CREATE TABLE transfers (id text PRIMARY KEY, amount int NOT NULL);
      INSERT INTO accounts SELECT id, 100 FROM generate_series(1, 10) AS id;
    `);
  });
}

/** Gives every account its 100 back, and forgets the transfers. */
export async function resetTables(url: string): Promise<void> {
  await withClient(url, (client) => client.query('UPDATE accounts SET balance = 100; TRUNCATE transfers'));
}

/** Takes 10 from an account. */
export async function debit(manager: EntityManager, id = 1): Promise<void> {
  await manager.query(`UPDATE accounts SET balance = balance - 10 WHERE id = ${id}`);
}

/** Reads what was committed, past every proxy and pool. */
export async function readBalance(url: string, id = 1): Promise<number | undefined> {
  const balances = await readBalances(url);
  return balances[id - 1];
}

/** As `readBalance`, of all ten accounts in the order of their ids. */
export function readBalances(url: string): Promise<number[]> {
  return withClient(url, async (client) => {
    const { rows } = await client.query('SELECT balance FROM accounts ORDER BY id');
    return rows.map(({ balance }) => balance);
  });
}

/** Runs work on a plain connection to a server, past every proxy and pool. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export interface OpenedDataSource extends AsyncDisposable {
  readonly dataSource: DataSource;
}

/** Opens a DataSource without entities that closes itself at the end of its block. */
export async function openSource(
  url: string,
  changes: Partial<PoolSettings> = {},
  logger?: StructuredLogger,
): Promise<OpenedDataSource> {
  const dataSource = createPostgresDataSource({
    url,
    pool: { ...settings, destroyMs: 1_000, ...changes },
    applicationName: 'test',
    entities: [],
    migrations: [],
    ...(logger && { logger }),
  });
  await openDataSource(dataSource);
  return { dataSource, [Symbol.asyncDispose]: () => closeDataSource(dataSource) };
}
