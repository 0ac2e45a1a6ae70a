import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { fakeClock } from '@holdfast/resilience';
import type { QueryRunner } from 'typeorm';
import { openDataSource } from '../data-source/open-data-source';
import { createTestDataSource, openManager } from '../test/manager';
import { rejection, until } from '../test/settings';
import { createUnitOfWork } from '../transactions/unit-of-work';
import { createConnectionManager } from './manager-registry';

/** Whether the server is busy with the statement that is to be cut. */
async function isDeleting(runner: QueryRunner): Promise<boolean> {
  const [row] = await runner.query(
    `SELECT count(*)::int AS count FROM pg_stat_activity WHERE query LIKE 'DELETE %' AND state = 'active'`,
  );
  return row.count === 1;
}

describe('closing a connection manager', () => {
  let server: TemporaryServer;

  beforeAll(async () => {
    server = await openTemporaryServer();
  });

  afterAll(() => server?.stop());

  it('lets work in flight finish, and says that nothing was cut', async () => {
    const { manager, dataSource } = await openManager(server.url);
    const work = manager.withConnection(async (runner) => {
      await runner.query('SELECT pg_sleep(0.1)');
      return runner.query('SELECT 1 AS one');
    });
    await until(() => manager.getPoolStats().used === 1);
    expect(manager.isClosed).toBe(false);
    expect(await manager.close()).toEqual({ drained: true, cut: 0, cutConnections: [] });
    expect(await work).toEqual([{ one: 1 }]);
    expect([manager.isClosed, dataSource.isInitialized]).toEqual([true, false]);
  });

  it('cuts what is not done in time, and says what that was', async () => {
    const { manager } = await openManager(server.url, { max: 3, destroyMs: 60_000 });
    const heldMs = 30;
    const running = rejection(
      manager.withConnection((runner) =>
        runner.query(`/* report */ UPDATE pg_class SET relname = relname WHERE pg_sleep(600) IS NULL`),
      ),
    );
    let forget = (): void => {};
    const held = manager.withConnection(
      () =>
        new Promise<void>((resolve) => {
          forget = resolve;
        }),
    );
    await until(() => manager.getPoolStats().used === 2);
    await new Promise((resolve) => setTimeout(resolve, heldMs));
    const report = await manager.close({ deadlineMs: 20 });
    expect(report).toMatchObject({ drained: false, cut: 2 });
    expect(report.cutConnections.map(({ operation }) => operation).sort()).toEqual(['UPDATE', undefined]);
    for (const cut of report.cutConnections) expect(cut.heldMs).toBeGreaterThanOrEqual(heldMs - 1);
    expect(await running).toMatchObject({ name: 'QueryFailedError' });
    forget();
    await held;
  });

  it('says what ran in a transaction that it cut', async () => {
    const dataSource = await openDataSource(createTestDataSource(server.url, { max: 2 }));
    const transactions = createUnitOfWork(dataSource);
    const manager = createConnectionManager(dataSource, { transactions, healthCheckIntervalMs: 0 });
    const running = rejection(
      manager.withTransaction((entities) =>
        entities.query('DELETE FROM pg_class WHERE pg_sleep(600) IS NULL'),
      ),
    );
    await until(() => manager.withConnection(isDeleting));
    const report = await manager.close({ deadlineMs: 20 });
    expect(report.cutConnections).toEqual([{ heldMs: expect.any(Number), operation: 'DELETE' }]);
    expect(await running).toBeInstanceOf(Error);
  });

  it('refuses those who wait and those who come, while it drains and afterwards', async () => {
    const { manager } = await openManager(server.url, { max: 1 });
    const closed = { code: 'POOL_CLOSED' };
    const expectRefusals = async (): Promise<void> => {
      expect(await rejection(manager.withConnection(() => 1))).toMatchObject(closed);
      expect(await rejection(manager.withTransaction(async () => 1))).toMatchObject(closed);
      expect(await manager.testConnection()).toMatchObject({ ok: false, error: closed });
      expect(() => manager.getPoolStats()).toThrow(expect.objectContaining(closed));
    };
    let closing: Promise<unknown> | undefined;
    await manager.withConnection(async () => {
      const waiting = rejection(manager.withConnection(() => 1));
      closing = manager.close();
      expect(await waiting).toMatchObject(closed);
      await expectRefusals();
    });
    await closing;
    await expectRefusals();
  });

  it('may be asked for any number of times, and gives one answer', async () => {
    const { manager } = await openManager(server.url);
    const [first, second] = await Promise.all([manager.close(), manager.close({ deadlineMs: 1 })]);
    expect(second).toBe(first);
    expect(await manager.close()).toBe(first);
  });

  it('refuses a deadline out of range, and may be asked again', async () => {
    const { manager } = await openManager(server.url);
    expect(await rejection(manager.close({ deadlineMs: -1 }))).toMatchObject({
      code: 'INVALID_OPTION',
      option: 'deadlineMs',
    });
    expect(await manager.withConnection(() => 1)).toBe(1);
    expect(await manager.close()).toMatchObject({ drained: true });
  });

  it('happens at the end of a block', async () => {
    const opened = await openManager(server.url);
    {
      await using manager = opened.manager;
      await manager.withConnection(() => {});
    }
    expect([opened.manager.isClosed, opened.dataSource.isInitialized]).toEqual([true, false]);
  });

  it('ends the health checks', async () => {
    const clock = fakeClock();
    const { manager } = await openManager(server.url, {}, { clock, healthCheckIntervalMs: 1_000 });
    const scheduled = jest.spyOn(clock, 'schedule');
    await manager.close();
    await clock.advance(60_000);
    expect(scheduled).not.toHaveBeenCalled();
    expect(manager.health).toBeUndefined();
  });
});
