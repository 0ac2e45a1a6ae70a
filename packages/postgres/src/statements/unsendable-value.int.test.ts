import { openTemporaryServer } from '@holdfast/local-postgres';
import type { QueryResult } from 'pg';
import { readLease } from '../pool/lease';
import { openPool, until } from '../test/settings';

const TEXT = 'SELECT $1::text AS given';

describe('a value that cannot be sent', () => {
  let server: Awaited<ReturnType<typeof openTemporaryServer>>;

  beforeAll(async () => {
    server = await openTemporaryServer();
  });

  afterAll(() => server?.stop());

  const unsendable = {
    toJSON: () => {
      throw new RangeError('no text');
    },
  };

  it.each([false, true])('fails its statement once, and no other; in a pipeline: %s', async (pipeline) => {
    await using pool = openPool(server.url, { max: 1 });
    const lent = await pool.acquire();
    for (let use = 0; use < 3; use += 1) await lent.query(TEXT, ['held']);
    const { client } = readLease(lent) ?? {};
    const { statements } = client ?? {};
    if (!client || !statements) throw new Error('statements are not prepared');
    client.pipeline = pipeline;
    const told: unknown[] = [];
    const tell = (error: Error | null, answer?: QueryResult) => told.push(error?.message ?? answer?.rows);
    statements.send(TEXT, [unsendable], (error, answer) => {
      tell(error, answer);
      // By whoever is called back, and then by the next in line.
      statements.send(TEXT, ['next'], tell);
    });
    statements.send(TEXT, ['last'], tell);
    await until(() => told.length > 2);
    // Whatever the server has still to say of them is said before this.
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(told[0]).toBe('no text');
    expect(told).toHaveLength(3);
    expect(told).toEqual(expect.arrayContaining([[{ given: 'next' }], [{ given: 'last' }]]));
    client.pipeline = false;
    lent.release();
  });
});
