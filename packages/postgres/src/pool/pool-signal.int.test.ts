import { getEventListeners } from 'node:events';
import { openProxy } from '@holdfast/local-postgres';
import { readPhase } from '@holdfast/resilience/postgres';
import type { PoolClient } from 'pg';
import { openPool, rejection, until } from '../test/settings';
import { openTestServer, type TestServer } from '../test/test-server';
import { withAcquireOptions } from './acquire-options';

describe('a caller that gives up', () => {
  let database: TestServer;

  beforeAll(async () => {
    database = await openTestServer();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  const reason = new Error('no longer wanted');

  it('while it queues is refused at once with its reason, and the next one takes its turn', async () => {
    await using pool = openPool(database.url, { max: 1 });
    const held = await pool.acquire();
    const controller = new AbortController();
    const refusal = rejection(pool.acquire({ signal: controller.signal }));
    const next = pool.acquire();
    expect(pool.stats.waiting).toBe(2);
    controller.abort(reason);
    expect(pool.stats.waiting).toBe(1);
    expect(await refusal).toBe(reason);
    held.release();
    (await next).release();
    expect(pool.stats).toMatchObject({ used: 0, total: 1, waiting: 0 });
  });

  it('before it asks is refused without anything being opened', async () => {
    await using pool = openPool(database.url);
    expect(await rejection(pool.acquire({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(pool.stats).toMatchObject({ total: 0, waiting: 0 });
  });

  it('while its connection is opened leaves that connection to the next one', async () => {
    await using proxy = await openProxy(database.server);
    await using pool = openPool(proxy.urlThrough(database.url), { max: 1 });
    proxy.freeze();
    const controller = new AbortController();
    const refusal = rejection(pool.acquire({ signal: controller.signal }));
    await until(() => proxy.connections === 1);
    controller.abort(reason);
    expect(await refusal).toBe(reason);
    expect(pool.stats).toMatchObject({ total: 1, waiting: 0 });
    proxy.thaw();
    await until(() => pool.stats.free === 1);
    await expect(pool.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
    expect(proxy.counts.connections).toBe(1);
  });

  it('while its connection is validated leaves that connection to the next one', async () => {
    await using proxy = await openProxy(database.server);
    await using pool = openPool(proxy.urlThrough(database.url), { max: 1, validateAfterMs: 0 });
    await pool.query('SELECT 1');
    proxy.freeze();
    const controller = new AbortController();
    const refusal = rejection(pool.acquire({ signal: controller.signal }));
    await until(() => pool.stats.free === 0);
    controller.abort(reason);
    expect(await refusal).toBe(reason);
    proxy.thaw();
    await until(() => pool.stats.free === 1);
    await pool.query('SELECT 1');
    expect(proxy.counts.connections).toBe(1);
  });

  it('does not mark its reason: the same object may end another operation while that commits', async () => {
    await using pool = openPool(database.url, { max: 1 });
    const held = await pool.acquire();
    const controller = new AbortController();
    const refusals = [
      rejection(pool.acquire({ signal: controller.signal })),
      rejection(pool.acquire({ acquireMs: 20 })),
    ];
    const shared = new Error('shared');
    controller.abort(shared);
    const [aborted, late] = await Promise.all(refusals);
    expect(aborted).toBe(shared);
    expect(readPhase(aborted)).toBeUndefined();
    // Control: an error of the pool's own is marked.
    expect(readPhase(late)).toBe('acquire');
    held.release();
  });

  it('leaves no listener on a signal that outlives the wait', async () => {
    await using pool = openPool(database.url);
    const { signal } = new AbortController();
    const acquiring = pool.acquire({ signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    (await acquiring).release();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('may say so through an interface without room for it, and only for the one call', async () => {
    await using pool = openPool(database.url);
    const connect = () =>
      new Promise<PoolClient>((resolve, reject) => {
        pool.connect((error, client) => (client ? resolve(client) : reject(error)));
      });
    const signal = AbortSignal.abort(reason);
    const refusal = withAcquireOptions({ signal }, () => rejection(connect()));
    const spared = connect();
    expect(await refusal).toBe(reason);
    (await spared).release();
    // Nor for a second call within it, nor for one after it that did not come.
    const [first, second] = withAcquireOptions({ signal }, () => [rejection(connect()), connect()] as const);
    expect(await first).toBe(reason);
    (await second).release();
    withAcquireOptions({ signal }, () => {});
    (await connect()).release();
  });
});
