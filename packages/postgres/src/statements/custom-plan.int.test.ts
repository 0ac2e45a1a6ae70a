import { openTemporaryServer } from '@holdfast/local-postgres';
import type pg from 'pg';
import { readHeldTexts } from '../test/prepared-statements';
import { openPool } from '../test/settings';
import { CUSTOM_PLAN } from './custom-plan';

/**
 * The newest jobs of a state. Of a rare one they are found by the state; of a frequent one by going through all jobs,
 * newest first. One plan for all states goes through all jobs, because states are frequent on average.
 */
const NEWEST = 'SELECT id FROM job WHERE state = $1 ORDER BY id DESC LIMIT 10';
const JOBS = 20_000;

describe('a statement whose best plan depends on its values', () => {
  let server: Awaited<ReturnType<typeof openTemporaryServer>>;
  let pool: ReturnType<typeof openPool>;

  beforeAll(async () => {
    server = await openTemporaryServer();
    pool = openPool(server.url, { max: 1 });
    await pool.query(`
      CREATE TABLE job (id int PRIMARY KEY, state text NOT NULL);
      INSERT INTO job SELECT id, CASE WHEN id <= 20 THEN 'open' ELSE 'done' END
      FROM generate_series(1, ${JOBS}) AS id;
      CREATE INDEX job_state ON job (state);
    `);
    await pool.query('VACUUM ANALYZE job');
  });

  afterAll(async () => {
    await pool?.end();
    await server?.stop();
  });

  /** Executes it ten times for the rare state, and reads how many entries of the primary key the last time went through. */
  async function countEntries(client: pg.PoolClient, text: string): Promise<number> {
    const readEntries = async () => {
      await client.query('SELECT pg_stat_force_next_flush()');
      const { rows } = await client.query<{ entries: number }>(`
        SELECT idx_tup_read::int AS entries FROM pg_stat_user_indexes WHERE indexrelname = 'job_pkey'
      `);
      return rows[0]?.entries ?? Number.NaN;
    };
    for (let use = 0; use < 9; use += 1) await client.query(text, ['open']);
    const before = await readEntries();
    const { rows } = await client.query<{ id: number }>(text, ['open']);
    expect(rows.map(({ id }) => id)).toEqual([20, 19, 18, 17, 16, 15, 14, 13, 12, 11]);
    return (await readEntries()) - before;
  }

  it('gets the plan for the average after a few executions by name', async () => {
    const client = await pool.acquire();
    expect(await countEntries(client, NEWEST)).toBeGreaterThan(JOBS * 0.9);
    const { rows } = await client.query(
      `SELECT generic_plans > 0 AS "isGeneric" FROM pg_prepared_statements WHERE statement = '${NEWEST.replaceAll("'", "''")}'`,
    );
    expect(rows).toEqual([{ isGeneric: true }]);
    client.release();
  });

  it('gets the plan for its values each time where its comment asks for it', async () => {
    const client = await pool.acquire();
    const text = `/* ${CUSTOM_PLAN} */ ${NEWEST}`;
    expect(await countEntries(client, text)).toBe(0);
    expect(await readHeldTexts(client)).not.toContain(text);
    client.release();
  });
});
