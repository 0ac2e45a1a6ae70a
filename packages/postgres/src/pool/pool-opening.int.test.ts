import { performance } from 'node:perf_hooks';
import { openProxy } from '@holdfast/local-postgres';
import { createPostgresEmitter } from '../events/postgres-events';
import { openPool, rejection, until } from '../test/settings';
import { openTestServer, type TestServer } from '../test/test-server';

describe('opening a connection', () => {
  let database: TestServer;

  beforeAll(async () => {
    database = await openTestServer();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  it('has one deadline for the login and for what follows it', async () => {
    await using proxy = await openProxy(database.server);
    // The server lets the client in, and falls silent at its first statement: node-postgres counts it as connected.
    proxy.onMessage(({ direction, type }) =>
      direction === 'frontend' && (type === 'Q' || type === 'P') ? 'freeze' : undefined,
    );
    await using pool = openPool(proxy.urlThrough(database.url), { createMs: 100 });
    expect(await rejection(pool.acquire())).toMatchObject({ code: 'CONNECT_TIMEOUT', limitMs: 100 });
    expect(pool.stats).toMatchObject({ total: 0, used: 0, waiting: 0 });
  });

  it('is tried again after a pause, one at a time for all who wait, until the server is back', async () => {
    await using proxy = await openProxy(database.server);
    const events = createPostgresEmitter();
    const failedAt: number[] = [];
    events.on('connectFailed', () => failedAt.push(performance.now()));
    const pauseMs = 40;
    await using pool = openPool(
      proxy.urlThrough(database.url),
      { max: 1, createRetryMs: pauseMs },
      { events },
    );
    const first = await pool.acquire();
    proxy.refuse(true);
    proxy.cut();
    first.release(true);
    const waiting = [1, 2, 3].map(() => pool.acquire());
    await until(() => failedAt.length >= 4);
    const pauses = failedAt.slice(1).map((at, index) => at - (failedAt[index] ?? 0));
    // A timer may be a millisecond early.
    for (const pause of pauses) expect(pause).toBeGreaterThanOrEqual(pauseMs - 2);
    expect(pool.stats.waiting).toBe(3);
    proxy.refuse(false);
    for (const client of waiting) (await client).release();
  });
});
