import { openProxy, openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { classify } from '@holdfast/resilience/postgres';
import type { QueryRunner } from 'typeorm';
import { readPoolStats } from '../data-source/read-pool-stats';
import { openLosingPooler } from '../test/losing-pooler';
import { rejection, until } from '../test/settings';
import { createTables, debit, openSource, readBalance, resetTables, withClient } from '../test/transfers';
import { runOnConnection } from './with-connection';

describe('work on a connection', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
    await createTables(server.url);
  });
  afterAll(() => server?.stop());

  const sleep = (runner: QueryRunner) => runner.query('SELECT pg_sleep(60)');
  const countSleepers = () =>
    withClient(server.url, async (client) => {
      const { rows } = await client.query(`
        SELECT count(*)::int AS count
        FROM pg_stat_activity
        WHERE state = 'active' AND query = 'SELECT pg_sleep(60)'
      `);
      return rows[0].count;
    });
  const readPid = (runner: QueryRunner) => runner.query('SELECT pg_backend_pid() AS pid');

  it.each([
    ['its deadline', () => ({ deadline: 100 }), { name: 'DeadlineExceededError' }],
    ['a signal', () => ({ signal: AbortSignal.timeout(100) }), { name: 'TimeoutError' }],
  ])(
    'is ended by %s: the server stops as well, and the connection serves the next',
    async (_name, bound, expected) => {
      await using source = await openSource(server.url, { max: 1 });
      const pid = await runOnConnection(source.dataSource, readPid, {});
      expect(await rejection(runOnConnection(source.dataSource, sleep, bound()))).toMatchObject(expected);
      expect(await countSleepers()).toBe(0);
      expect(await runOnConnection(source.dataSource, readPid, {})).toEqual(pid);
    },
  );

  it('goes on where nothing ends it', async () => {
    await using source = await openSource(server.url, { max: 1 });
    const runner = source.dataSource.createQueryRunner();
    const sleeping = rejection(sleep(runner));
    await until(async () => (await countSleepers()) === 1);
    await withClient(server.url, (client) =>
      client.query(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'`),
    );
    expect(await sleeping).toMatchObject({ driverError: { code: '57014' } });
    await runner.release();
  });

  it('keeps the result of a statement that was faster than its cancellation', async () => {
    await using proxy = await openProxy(server);
    await using source = await openSource(proxy.urlThrough(server.url), { max: 1 });
    const controller = new AbortController();
    // The server has done it; its answer is held back until after the signal.
    const remove = proxy.onMessage(({ direction, type, text }) => {
      if (direction !== 'backend' || type !== 'C' || !text?.startsWith('UPDATE')) return undefined;
      remove();
      return 'freeze';
    });
    const working = runOnConnection(
      source.dataSource,
      (runner) => runner.query('UPDATE accounts SET balance = balance WHERE id = $1', [1]),
      { signal: controller.signal },
    );
    await until(() => readPoolStats(source.dataSource).used === 1);
    setTimeout(() => controller.abort(new Error('too late')), 50);
    setTimeout(() => proxy.thaw(), 150);
    expect(await working).toEqual([[], 1]);
  });

  it('says that it may have been applied when the connection was lost over it', async () => {
    await using proxy = await openProxy(server);
    await using source = await openSource(proxy.urlThrough(server.url), { max: 1 });
    const remove = proxy.onMessage(({ direction, type, text }) => {
      if (direction !== 'backend' || type !== 'C' || !text?.startsWith('UPDATE')) return undefined;
      remove();
      return 'freeze';
    });
    const error = await rejection(
      runOnConnection(
        source.dataSource,
        (runner) => runner.query('UPDATE accounts SET balance = balance WHERE id = $1', [1]),
        { deadline: 100 },
      ),
    );
    expect(classify(error).applied).toBe('unknown');
    expect(error.name).not.toBe('DeadlineExceededError');
    proxy.thaw();
  });

  it.each(['FATAL', 'ERROR'] as const)(
    'says that it may have been applied when a pooler has lost the server over it, and says so later (%s)',
    async (severity) => {
      await resetTables(server.url);
      await using pooler = await openLosingPooler(server);
      await using source = await openSource(pooler.urlThrough(server.url), { max: 1 });
      pooler.loseAfter('balance - 10', { afterMs: 300, severity });
      const error = await rejection(
        runOnConnection(source.dataSource, (runner) => debit(runner.manager), { deadline: 150 }),
      );
      expect(error).toMatchObject({ driverError: { code: '08P01' } });
      expect(classify(error).applied).toBe('unknown');
      expect(await readBalance(server.url)).toBe(90);
    },
  );

  describe('with a statement that is queued behind another', () => {
    const queue = (runner: QueryRunner, first: string) => {
      const statements = [first, 'UPDATE accounts SET balance = 90 WHERE id = 1'];
      return Promise.all(statements.map((text) => runner.query(text)));
    };
    beforeEach(() => resetTables(server.url));

    it('runs it, where nothing ends the work', async () => {
      await using source = await openSource(server.url, { max: 1 });
      await runOnConnection(source.dataSource, (runner) => queue(runner, 'SELECT 1'), {});
      expect(await readBalance(server.url)).toBe(90);
    });

    it('does not send it, where the first one was interrupted', async () => {
      await using source = await openSource(server.url, { max: 1 });
      const pid = await runOnConnection(source.dataSource, readPid, {});
      const controller = new AbortController();
      const reason = new Error('the client has gone');
      const ended = rejection(
        runOnConnection(source.dataSource, (runner) => queue(runner, 'SELECT pg_sleep(60)'), {
          signal: controller.signal,
        }),
      );
      await until(async () => (await countSleepers()) === 1);
      controller.abort(reason);
      expect(await ended).toBe(reason);
      // The same connection serves the next, so that what was queued would be done by now.
      expect(await runOnConnection(source.dataSource, readPid, {})).toEqual(pid);
      expect(await readBalance(server.url)).toBe(100);
    });
  });

  it('sends nothing any more once it was ended', async () => {
    await using source = await openSource(server.url, { max: 1 });
    let late: Promise<Error> | undefined;
    let wake = (): void => {};
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    await rejection(
      runOnConnection(
        source.dataSource,
        (runner) => {
          const work = woken.then(() => runner.query('UPDATE accounts SET balance = 0'));
          late = rejection(work);
          return work;
        },
        { deadline: 50 },
      ),
    );
    wake();
    expect((await late)?.name).toBe('QueryRunnerAlreadyReleasedError');
    const [row] = await source.dataSource.query('SELECT min(balance) AS least FROM accounts');
    expect(row.least).toBe(100);
  });
});
