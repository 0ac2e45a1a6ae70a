import { openPool, rejection } from '../test/settings';
import { openTestServer, type TestServer } from '../test/test-server';

describe('callers in one line', () => {
  let database: TestServer;

  beforeAll(async () => {
    database = await openTestServer();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  it('are refused each at their own deadline, whoever came first', async () => {
    await using pool = openPool(database.url, { max: 1 });
    const held = await pool.acquire();
    const patient = pool.acquire({ acquireMs: 60_000 });
    const refused: number[] = [];
    const limits = [40, 20, 60];
    const refusals = limits.map(async (acquireMs) => {
      const error = await rejection(pool.acquire({ acquireMs }));
      refused.push(acquireMs);
      return error;
    });
    for (const refusal of refusals) expect(await refusal).toMatchObject({ name: 'PoolExhaustedError' });
    expect(refused).toEqual([20, 40, 60]);
    expect(pool.stats.waiting).toBe(1);
    held.release();
    (await patient).release();
    expect(pool.stats).toMatchObject({ used: 0, waiting: 0 });
  });

  it('leave no timer that would keep the process alive', async () => {
    await using pool = openPool(database.url, { min: 1, max: 1 });
    const held = await pool.acquire();
    const count = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = count();
    const waiting = [pool.acquire(), pool.acquire()];
    expect(count()).toBe(before + 1);
    held.release();
    for (const caller of waiting) (await caller).release();
    expect(count()).toBe(before);
  });
});
