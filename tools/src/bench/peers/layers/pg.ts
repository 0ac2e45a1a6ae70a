import { Pool, type PoolClient, type QueryResultRow } from 'pg';
import { readLibraryVersion } from '../../resilience/library-versions';
import type { OpenLayer, Operations } from '../layer';
import { addAmounts, listEntryColumns, listEntryValues, nestUser, SQL } from './statements';

type Statement = keyof typeof SQL;

/** node-postgres by hand: `named` prepares each statement once on every connection, `unnamed` never. */
export const openLayer: OpenLayer = async ({ url, poolSize, variant }) => {
  const pool = new Pool({ connectionString: url, max: poolSize, idleTimeoutMillis: 0 });
  const isNamed = variant === 'named';
  const ask = async <Row extends QueryResultRow>(
    on: Pool | PoolClient,
    name: Statement,
    values: unknown[],
  ): Promise<Row[]> => {
    const text = SQL[name];
    return (await on.query<Row>(isNamed ? { name, text, values } : { text, values })).rows;
  };
  const lookUpById = async (id: string) => (await ask(pool, 'userById', [id]))[0] ?? null;
  const operations: Operations = {
    lookUpById,
    lookUpByEmail: async (email) => (await ask(pool, 'userByEmail', [email]))[0] ?? null,
    listEvents: ({ aggregateId, afterVersion }) => ask(pool, 'events', [aggregateId, afterVersion]),
    listMembers: async (organizationId) =>
      (await ask<Parameters<typeof nestUser>[0]>(pool, 'members', [organizationId])).map(nestUser),
    listUsers: (since) => ask(pool, 'usersSince', [since]),
    insertEntry: async (row) => (await ask(pool, 'insertEntry', listEntryValues(row)))[0],
    insertEntries: async (rows) => void (await ask(pool, 'insertEntries', listEntryColumns(rows))),
    updateUser: async ({ id, loginCount }) => void (await ask(pool, 'updateUser', [id, loginCount])),
    book: async (row) => {
      const client = await pool.connect();
      try {
        await client.query('begin');
        const [user] = await ask<{ balance: string }>(client, 'lockUser', [row.userId]);
        const balance = addAmounts(user?.balance ?? '', row.amount);
        await ask(client, 'updateBalance', [row.userId, balance]);
        await ask(client, 'bookEntry', listEntryValues(row));
        await client.query('commit');
        client.release();
        return balance;
      } catch (error) {
        client.release(true);
        throw error;
      }
    },
    lookUpMany: (ids) => Promise.all(ids.map(lookUpById)),
  };
  return { operations, madeOf: [`pg ${readLibraryVersion('pg')}`], close: () => pool.end() };
};
