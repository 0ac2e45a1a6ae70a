import { openProxy, type PostgresProxy } from '@holdfast/local-postgres';
import { createPostgresEmitter, type RemovalReason } from '../events/postgres-events';
import { openPool, rejection, until } from '../test/settings';
import { openTestServer, readPid, type TestServer } from '../test/test-server';

/** Longer than any test: whoever rested is not asked. */
const NEVER = 2 ** 31 - 1;

describe('validating a connection that has rested', () => {
  let database: TestServer;

  beforeAll(async () => {
    database = await openTestServer();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  /** A pool behind a proxy, and why its connections leave. */
  function openProxiedPool(proxy: PostgresProxy, validateAfterMs: number) {
    const events = createPostgresEmitter();
    const reasons: RemovalReason[] = [];
    events.on('remove', ({ reason }) => reasons.push(reason));
    const pool = openPool(proxy.urlThrough(database.url), { validateAfterMs, max: 5 }, { events });
    return { pool, reasons };
  }

  /** From now on the first `count` connections swallow whatever the client says. Tells which of them it spoke on. */
  function swallow(proxy: PostgresProxy, count: number): ReadonlySet<number> {
    const asked = new Set<number>();
    proxy.onMessage(({ direction, connection }) => {
      if (direction !== 'frontend' || connection.index >= count) return undefined;
      asked.add(connection.index);
      return 'freeze';
    });
    return asked;
  }

  it('replaces one that the network has silenced, and cuts all that rested longer without asking them', async () => {
    await using proxy = await openProxy(database.server);
    const opened = openProxiedPool(proxy, 0);
    await using pool = opened.pool;
    const clients = [await pool.acquire(), await pool.acquire(), await pool.acquire()];
    const silenced = await Promise.all(clients.map(readPid));
    const busy = await pool.acquire();
    for (const client of clients) client.release();
    const asked = swallow(proxy, 3);

    const client = await pool.acquire();
    expect(silenced).not.toContain(await readPid(client));
    expect([...asked]).toEqual([2]);
    await until(() => opened.reasons.length === 3);
    expect(opened.reasons).toEqual(['validation', 'validation', 'validation']);
    // One in use is its holder's business, and this one is well.
    await expect(busy.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
    expect(pool.stats).toMatchObject({ used: 2, free: 0, total: 2, waiting: 0 });
    busy.release();
    client.release();
  });

  it('is what saves the caller: without it, the silenced connection is handed out', async () => {
    await using proxy = await openProxy(database.server);
    const { pool } = openProxiedPool(proxy, NEVER);
    await using _ = pool;
    await pool.query('SELECT 1');
    const asked = swallow(proxy, 1);
    const statement = rejection(pool.query('SELECT 1'));
    await until(() => asked.size === 1);
    expect(pool.stats).toMatchObject({ used: 1, total: 1 });
    // Only the end of the connection ends the wait.
    proxy.cut();
    expect(await statement).toMatchObject({ name: 'ConnectionLostError' });
  });

  /** The server has ended a session, and the news reaches the client only when somebody is about to use it. */
  async function queryWhileTheNewsArrives(validateAfterMs: number) {
    await using proxy = await openProxy(database.server);
    const opened = openProxiedPool(proxy, validateAfterMs);
    await using pool = opened.pool;
    const pid = await readPid(pool);
    let isHeld = false;
    const stopHolding = proxy.onMessage(({ direction, type }) => {
      if (direction !== 'backend' || type !== 'E') return undefined;
      isHeld = true;
      return 'freeze';
    });
    await database.endBackend(pid);
    await until(() => isHeld);
    stopHolding();
    const answer = pool.query('SELECT 1 AS one').then(
      ({ rows }) => rows,
      (error: unknown) => error,
    );
    await until(() => pool.stats.free === 0);
    proxy.thaw();
    return { answer: await answer, reasons: [...opened.reasons] };
  }

  it('hides from the caller that the session was ended while it rested', async () => {
    expect(await queryWhileTheNewsArrives(0)).toEqual({ answer: [{ one: 1 }], reasons: ['validation'] });
  });

  it('is what hides it: without it, the statement of the caller fails', async () => {
    const { answer } = await queryWhileTheNewsArrives(NEVER);
    expect(answer).toMatchObject({ code: '57P01' });
  });

  it('costs one round trip after a long rest, and none after a short one', async () => {
    const countRoundTrips = async (validateAfterMs: number) => {
      await using proxy = await openProxy(database.server);
      await using pool = openProxiedPool(proxy, validateAfterMs).pool;
      await pool.query('SELECT 1');
      proxy.resetCounts();
      await pool.query('SELECT 1');
      return proxy.counts.roundTrips;
    };
    expect(await countRoundTrips(0)).toBe(2);
    expect(await countRoundTrips(NEVER)).toBe(1);
  });
});
