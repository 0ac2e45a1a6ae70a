import { runBuiltProgram } from '../test/built-program';
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

  it('are refused soon where their limit is nothing, less, or no number', async () => {
    await using pool = openPool(database.url, { max: 1 });
    const held = await pool.acquire();
    for (const acquireMs of [0, -5, Number.NaN]) {
      expect(await rejection(pool.acquire({ acquireMs }))).toMatchObject({ name: 'PoolExhaustedError' });
    }
    held.release();
  });

  it('are refused at their own deadline when the callback of another has thrown', async () => {
    const program = `
      process.on('uncaughtException', ({ message }) => console.log(message));
      const refuse = (given) => { throw new Error(given.name + ' thrown'); };
      (async () => {
        await openDataSource(dataSource);
        const pool = dataSource.driver.master;
        const held = await pool.connect();
        pool.connect(refuse);
        pool.connect(refuse);
        const others = [pool.connect(), pool.acquire({ acquireMs: 200 })];
        await Promise.all(others.map((one) => one.catch(({ name }) => console.log(name))));
        held.release();
        await closeDataSource(dataSource);
      })();`;
    const thrown = 'PoolExhaustedError thrown';
    expect((await runBuiltProgram(database.url, program, { acquireMs: 50 })).split('\n')).toEqual([
      ...[thrown, thrown],
      ...['PoolExhaustedError', 'PoolExhaustedError'],
    ]);
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
