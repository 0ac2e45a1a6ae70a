import type { ClientBase } from 'pg';
import { createPostgresEmitter } from '../events/postgres-events';
import { openPool, rejection, until } from '../test/settings';
import { openSilentServer } from '../test/silent-server';
import { openTestServer, type TestServer } from '../test/test-server';
import { PoolClosedError } from './pool-error';

type OpenPool = ReturnType<typeof openPool>;

const countHandles = () =>
  process.getActiveResourcesInfo().filter((kind) => /^(TCPSocketWrap|Timeout)$/.test(kind)).length;

describe('closing the pool', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await openTestServer();
  });

  afterAll(() => server?.[Symbol.asyncDispose]());

  // A backend lives a moment longer than its socket, and must not count for the next test.
  afterEach(() => until(async () => (await server.countBackends()) === 0));

  it('waits for a connection in use that comes back in time', async () => {
    const pool = openPool(server.url);
    const client = await pool.acquire();
    const closed = pool.end();
    await expect(client.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
    client.release();
    await closed;
    await until(async () => (await server.countBackends()) === 0);
  });

  it('cuts a connection that does not come back, and its caller may still return it', async () => {
    const pool = openPool(server.url, { destroyMs: 50 });
    const client = await pool.acquire();
    const query = rejection(client.query('SELECT pg_sleep(600)'));
    await pool.end();
    expect(await query).toMatchObject({ name: 'ConnectionLostError', code: 'POOL_CLOSED' });
    client.release();
    await server.admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()`,
    );
    await until(async () => (await server.countBackends()) === 0);
  });

  it('refuses those who wait and those who come', async () => {
    const pool = openPool(server.url, { max: 1 });
    const held = await pool.acquire();
    const waiting = rejection(pool.acquire());
    const closed = pool.end();
    expect(await waiting).toBeInstanceOf(PoolClosedError);
    expect(await rejection(pool.acquire())).toMatchObject({ code: 'POOL_CLOSED' });
    held.release();
    await closed;
  });

  it('leaves an idle connection to whoever asked for it before the closing began', async () => {
    const pool = openPool(server.url);
    await pool.query('SELECT 1');
    await until(() => pool.stats.free === 1);
    const acquired = pool.acquire();
    expect(pool.stats).toMatchObject({ used: 1, free: 0, waiting: 0 });
    const closed = pool.end();
    const client = await acquired;
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    client.release();
    await closed;
    expect(pool.stats).toMatchObject({ used: 0, total: 0, waiting: 0 });
  });

  it('closes the connection that comes for somebody it has refused', async () => {
    const pool = openPool(server.url);
    const { onConnect } = pool.options as unknown as { onConnect?: (client: unknown) => Promise<void> };
    const closed = new Promise<void>((resolve) => {
      Object.assign(pool.options, {
        onConnect: async (client: ClientBase) => {
          await onConnect?.(client);
          void void pool.end().then(resolve);
        },
      });
    });
    const waiting = rejection(pool.acquire());
    expect(await waiting).toBeInstanceOf(PoolClosedError);
    await closed;
    expect(pool.stats).toMatchObject({ used: 0, total: 0, waiting: 0 });
  });

  it('does not wait for a connection that is still being opened', async () => {
    await using silent = await openSilentServer();
    const pool = openPool(`postgres://app@127.0.0.1:${silent.port}/app`, { destroyMs: 2 ** 31 - 1 });
    const waiting = rejection(pool.acquire());
    await until(() => silent.sockets.size === 1);
    await pool.end();
    expect(await waiting).toBeInstanceOf(PoolClosedError);
    await until(() => silent.sockets.size === 0);
  });

  it.each([
    ['for a caller', (pool: OpenPool) => pool.acquire()],
    ['beside the pool', (pool: OpenPool) => pool.openSeparately()],
  ])(
    'leaves no timer of a connection that was still being opened %s, and whoever asked hears of it',
    async (_, open) => {
      await using silent = await openSilentServer();
      const before = countHandles();
      const events = createPostgresEmitter();
      const failures: unknown[] = [];
      events.on('connectFailed', (failure) => failures.push(failure));
      const pool = openPool(
        `postgres://app@127.0.0.1:${silent.port}/app`,
        { createMs: 2 ** 31 - 1 },
        { events },
      );
      const opening = rejection(open(pool));
      await until(() => silent.sockets.size === 1);
      await pool.end();
      expect(await opening).toMatchObject({ code: 'POOL_CLOSED' });
      await until(() => silent.sockets.size === 0);
      await until(() => countHandles() <= before);
      expect(failures).toEqual([]);
    },
  );

  it('leaves neither a socket nor a timer behind', async () => {
    const before = countHandles();
    const pool = openPool(server.url, { min: 2, max: 3 });
    const clients = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
    for (const client of clients) client.release();
    expect(countHandles()).toBeGreaterThan(before);
    await pool.end();
    // Not asserted at once: a handle of somebody else in this process may be on its way out or in.
    await until(() => countHandles() <= before);
  });

  it('may be asked for twice', async () => {
    const pool = openPool(server.url);
    await pool.query('SELECT 1');
    await Promise.all([pool.end(), pool.end()]);
    expect(pool.stats.total).toBe(0);
  });
});
