import { openProxy, openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import type { EntityManager } from 'typeorm';
import { readPoolStats } from '../data-source/read-pool-stats';
import { rejection, until } from '../test/settings';
import { createTables, debit, openSource, readBalance, resetTables, withClient } from '../test/transfers';
import { createUnitOfWork } from './unit-of-work';

describe('a unit of work with a deadline or a signal', () => {
  let server: TemporaryServer;
  beforeAll(async () => {
    server = await openTemporaryServer();
    await createTables(server.url);
  });
  afterAll(() => server?.stop());
  beforeEach(() => resetTables(server.url));

  const countSleepers = () =>
    withClient(server.url, async (client) => {
      const { rows } = await client.query(`
        SELECT count(*)::int AS count
        FROM pg_stat_activity
        WHERE state = 'active' AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()
      `);
      return rows[0].count;
    });
  const readPid = (manager: EntityManager) => manager.query('SELECT pg_backend_pid() AS pid');

  it('tells the server its deadline: a limit for each statement, and a later one for the transaction', async () => {
    await using source = await openSource(server.url);
    const unitOfWork = createUnitOfWork(source.dataSource);
    const read = async (manager: EntityManager) => {
      const [row] = await manager.query(`
        SELECT extract(epoch FROM current_setting('statement_timeout')::interval) * 1000 AS statement,
               extract(epoch FROM current_setting('transaction_timeout')::interval) * 1000 AS transaction
      `);
      return { statement: Number(row.statement), transaction: Number(row.transaction) };
    };
    const limits = await unitOfWork.run(read, { deadline: 10_000 });
    expect(limits.statement).toBeGreaterThan(5_000);
    expect(limits.statement).toBeLessThanOrEqual(10_000);
    expect(limits.transaction).toBe(limits.statement + 1_000);
    // And nothing of it stays.
    expect(await unitOfWork.run(read)).toEqual({ statement: 0, transaction: 0 });
  });

  it('rejects at the deadline; the statement runs no longer, and the connection serves the next', async () => {
    await using source = await openSource(server.url, { max: 1 });
    const unitOfWork = createUnitOfWork(source.dataSource);
    const pid = await unitOfWork.run(readPid);
    const error = await rejection(
      unitOfWork.run(
        async (manager) => {
          await debit(manager);
          await manager.query('SELECT pg_sleep(60)');
        },
        { deadline: 200 },
      ),
    );
    expect(error).toMatchObject({ name: 'DeadlineExceededError' });
    expect(await countSleepers()).toBe(0);
    expect(await readBalance(server.url)).toBe(100);
    expect(await unitOfWork.run(readPid)).toEqual(pid);
  });

  it('rejects with the reason of a signal; the statement is cancelled on the server', async () => {
    await using source = await openSource(server.url, { max: 1 });
    const unitOfWork = createUnitOfWork(source.dataSource);
    const pid = await unitOfWork.run(readPid);
    const controller = new AbortController();
    const reason = new Error('the client has gone');
    const run = rejection(
      unitOfWork.run(
        async (manager) => {
          await debit(manager);
          await manager.query('SELECT pg_sleep(60)');
        },
        { signal: controller.signal },
      ),
    );
    // Without the signal it would run on.
    await until(async () => (await countSleepers()) === 1);
    controller.abort(reason);
    expect(await run).toBe(reason);
    expect(await countSleepers()).toBe(0);
    expect(await readBalance(server.url)).toBe(100);
    expect(await unitOfWork.run(readPid)).toEqual(pid);
  });

  it('ends work that waits for something else, and lets it send nothing afterwards', async () => {
    await using source = await openSource(server.url, { max: 1 });
    let wake = (): void => {};
    const sleep = new Promise<void>((resolve) => {
      wake = resolve;
    });
    let late: Promise<Error> | undefined;
    const error = await rejection(
      createUnitOfWork(source.dataSource).run(
        (manager, { signal }) => {
          const work = sleep.then(() => debit(manager));
          late = rejection(work);
          expect(signal.aborted).toBe(false);
          return work;
        },
        { deadline: 50 },
      ),
    );
    expect(error).toMatchObject({ name: 'DeadlineExceededError' });
    expect(readPoolStats(source.dataSource).used).toBe(0);
    await using other = await openSource(server.url);
    await other.dataSource.query('SELECT 1');
    wake();
    await late;
    expect(await readBalance(server.url)).toBe(100);
  });

  it('does not undo a commit: a signal that comes after COMMIT changes nothing', async () => {
    await using proxy = await openProxy(server);
    await using source = await openSource(proxy.urlThrough(server.url), { max: 1 });
    const controller = new AbortController();
    proxy.onMessage(({ type, text }) => {
      if (type === 'Q' && text === 'COMMIT') controller.abort(new Error('too late'));
    });
    await createUnitOfWork(source.dataSource).run((manager) => debit(manager), { signal: controller.signal });
    expect(controller.signal.aborted).toBe(true);
    expect(await readBalance(server.url)).toBe(90);
  });

  it('cuts a connection that does not answer any more, and says that the deadline passed', async () => {
    await using proxy = await openProxy(server);
    await using source = await openSource(proxy.urlThrough(server.url), { max: 1 });
    const error = await rejection(
      createUnitOfWork(source.dataSource, { witness: false }).run(
        async (manager) => {
          await debit(manager);
          proxy.freeze();
          await debit(manager);
        },
        { deadline: 200 },
      ),
    );
    expect(error).toMatchObject({ name: 'DeadlineExceededError' });
    expect(readPoolStats(source.dataSource).used).toBe(0);
    proxy.thaw();
    await until(async () => (await readBalance(server.url)) === 100);
  });

  it('waits for a connection no longer than the deadline', async () => {
    await using source = await openSource(server.url, { max: 1 });
    const runner = source.dataSource.createQueryRunner();
    await runner.connect();
    const error = await rejection(
      createUnitOfWork(source.dataSource).run((manager) => debit(manager), { deadline: 50 }),
    );
    expect(['DeadlineExceededError', 'PoolExhaustedError', 'RetryError']).toContain(error.name);
    await runner.release();
    expect(await readBalance(server.url)).toBe(100);
  });

  it.each([
    [{ isolation: 'CHAOS' }, 'isolation', 'READ COMMITTED, REPEATABLE READ, SERIALIZABLE'],
    [{ readOnly: 'yes' }, 'readOnly', 'true or false'],
    [{ wasApplied: true }, 'wasApplied', 'a function'],
    [{ deadLine: 5 }, 'run option', 'deadline'],
    [{ deadline: Date.now() }, 'deadline', '2147483647'],
    [{ signal: 'stop' }, 'signal', 'an AbortSignal'],
  ])('refuses %j', async (options, option, allowed) => {
    await using source = await openSource(server.url);
    const error = await rejection(
      createUnitOfWork(source.dataSource).run((manager) => debit(manager), options as object),
    );
    expect(error).toMatchObject({ code: 'INVALID_OPTION', option });
    expect(error.message).toContain(allowed);
  });
});
