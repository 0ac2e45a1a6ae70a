import { openTemporaryServer } from '@holdfast/local-postgres';
import pg from 'pg';
import { prepare, readHeldTexts } from '../test/prepared-statements';
import { openPool } from '../test/settings';

describe('a statement with literals, which are read when it is prepared', () => {
  let server: Awaited<ReturnType<typeof openTemporaryServer>>;

  beforeAll(async () => {
    server = await openTemporaryServer();
  });

  afterAll(() => server?.stop());

  async function withClient(work: (client: pg.PoolClient) => Promise<void>) {
    await using pool = openPool(server.url, { max: 1 });
    const client = await pool.acquire();
    try {
      await work(client);
    } finally {
      client.release();
    }
  }

  async function withPlainClient(work: (client: pg.Client) => Promise<void>) {
    const client = new pg.Client(server.url);
    await client.connect();
    try {
      await work(client);
    } finally {
      await client.end();
    }
  }

  const midnight = `SELECT timestamptz '2024-01-01' AS at, $1::int AS id`;
  const present = `SELECT (timestamptz 'now')::text AS at, $1::int AS id`;
  const utc = new Date('2024-01-01T00:00:00Z');
  const tokyo = new Date('2023-12-31T15:00:00Z');

  it('is prepared anew when the session is in another time zone', async () => {
    await withClient(async (client) => {
      await prepare(client, midnight, [1]);
      expect((await client.query(midnight, [1])).rows).toEqual([{ at: utc, id: 1 }]);
      await client.query('BEGIN');
      await client.query(`SET LOCAL TIME ZONE 'Asia/Tokyo'`);
      expect((await client.query(midnight, [1])).rows).toEqual([{ at: tokyo, id: 1 }]);
      await client.query('ROLLBACK');
      expect((await client.query(midnight, [1])).rows).toEqual([{ at: utc, id: 1 }]);
    });
    await withPlainClient(async (client) => {
      const named = { name: 'midnight', text: midnight, values: [1] };
      await client.query(named);
      await client.query(`SET TIME ZONE 'Asia/Tokyo'`);
      expect((await client.query(named)).rows).toEqual([{ at: utc, id: 1 }]);
    });
  });

  it('is not prepared where it reads the present', async () => {
    /** Microseconds, so that no two transactions begin at the same. */
    const countMoments = async (use: () => Promise<pg.QueryResult>) => {
      const moments = new Set<string>();
      for (let round = 0; round < 5; round += 1) moments.add(String((await use()).rows[0].at));
      return moments.size;
    };
    await withClient(async (client) => {
      expect(await countMoments(() => client.query(present, [1]))).toBe(5);
      expect(await readHeldTexts(client)).not.toContain(present);
    });
    await withPlainClient(async (client) => {
      expect(await countMoments(() => client.query({ name: 'now', text: present, values: [1] }))).toBe(1);
    });
  });
});
