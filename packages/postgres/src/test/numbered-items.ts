import { ITEM_TABLE, type Item } from './items';
import { withClient } from './transfers';

/** Items that there are in these tests, numbered from 1. */
export const ROWS = 25;
/** Their numbers. */
export const ALL: readonly number[] = Array.from({ length: ROWS }, (_, at) => at + 1);

export const order = { id: 'ASC' } as const;

/** The table has these items and nothing else. */
export function resetItems(url: string): Promise<unknown> {
  return withClient(url, async (client) => {
    await client.query('DROP TABLE IF EXISTS item');
    await client.query(ITEM_TABLE);
    await client.query(`
      INSERT INTO item SELECT id, id % 3, 'row ' || id, 'x' FROM generate_series(1, ${ROWS}) AS id`);
  });
}

/** Resolves with all that a source yields. */
export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

export function idsOf(items: readonly Item[]): number[] {
  return items.map(({ id }) => id);
}

/** Sessions of the pools under test that run a statement or are in a transaction. */
export function countTransactions(url: string): Promise<number> {
  return withClient(url, async (client) => {
    const { rows } = await client.query(`
      SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'items' AND state <> 'idle'`);
    return rows[0].count;
  });
}

/** The address of a role that sees the items alone for which this holds. */
export async function openTenant(url: string, policy: string): Promise<string> {
  await withClient(url, (client) =>
    client.query(`
      DROP ROLE IF EXISTS tenant;
      CREATE ROLE tenant LOGIN PASSWORD 'tenant';
      GRANT SELECT ON item TO tenant;
      ALTER TABLE item ENABLE ROW LEVEL SECURITY;
      CREATE POLICY own ON item USING (${policy})`),
  );
  return Object.assign(new URL(url), { username: 'tenant', password: 'tenant' }).href;
}
