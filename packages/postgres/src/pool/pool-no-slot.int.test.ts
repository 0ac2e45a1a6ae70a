import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import pg from 'pg';
import { createPostgresEmitter } from '../events/postgres-events';
import { openPool, rejection, until } from '../test/settings';

describe('a server that has no connection left', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer({
      settings: { max_connections: '4', superuser_reserved_connections: '0', max_wal_senders: '0' },
    });
  });
  afterAll(() => server?.stop());

  /** Connects until the server refuses. */
  async function takeAllSlots(): Promise<pg.Client[]> {
    const clients: pg.Client[] = [];
    for (;;) {
      const client = new pg.Client({ connectionString: server.url });
      client.on('error', () => {});
      try {
        await client.connect();
      } catch (error) {
        expect(error).toMatchObject({ code: '53300' });
        return clients;
      }
      clients.push(client);
    }
  }
  const giveBack = (clients: pg.Client[]) => Promise.all(clients.map((client) => client.end()));

  it('fails a caller of a plain pool at once', async () => {
    const pool = new pg.Pool({ connectionString: server.url });
    await pool.query('SELECT 1');
    const held = await pool.connect();
    const taken = await takeAllSlots();
    expect(await rejection(pool.query('SELECT 1'))).toMatchObject({ code: '53300' });
    held.release();
    await pool.end();
    await giveBack(taken);
  });

  it('is asked again until it has one', async () => {
    const events = createPostgresEmitter();
    await using pool = openPool(server.url, { max: 2 }, { events });
    const held = await pool.acquire();
    const taken = await takeAllSlots();
    let failures = 0;
    events.on('connectFailed', () => {
      failures += 1;
    });
    const answer = pool.query('SELECT 1 AS one');
    await until(() => failures >= 3);
    await giveBack(taken);
    expect((await answer).rows).toEqual([{ one: 1 }]);
    held.release();
  });

  it('is what the caller is told when its time is over', async () => {
    await using pool = openPool(server.url, { max: 2, acquireMs: 100 });
    const held = await pool.acquire();
    const taken = await takeAllSlots();
    expect(await rejection(pool.acquire())).toMatchObject({ code: '53300' });
    await giveBack(taken);
    held.release();
  });
});
