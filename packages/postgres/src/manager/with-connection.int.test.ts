import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { DataSource, type QueryRunner } from 'typeorm';
import { openManager } from '../test/manager';
import { rejection, until } from '../test/settings';
import { createUnitOfWork } from '../transactions/unit-of-work';

describe('withConnection', () => {
  let server: TemporaryServer;

  beforeAll(async () => {
    server = await openTemporaryServer();
  });

  afterAll(() => server?.stop());

  it('runs all statements of the work on one connection of its own, and gives it back', async () => {
    await using opened = await openManager(server.url);
    const { manager } = opened;
    const readPids = async (runner: QueryRunner): Promise<number[]> => {
      const pids: number[] = [];
      for (let count = 0; count < 3; count += 1) {
        const [row] = await runner.manager.query('SELECT pg_backend_pid() AS pid');
        pids.push(row.pid);
      }
      return pids;
    };
    const [first, second] = await Promise.all([
      manager.withConnection(readPids),
      manager.withConnection(readPids),
    ]);
    expect(new Set(first).size).toBe(1);
    expect(new Set(second).size).toBe(1);
    expect(first[0]).not.toBe(second[0]);
    await until(() => manager.getPoolStats().free === 2);
    expect(manager.getPoolStats()).toMatchObject({ used: 0, waiting: 0 });
  });

  it.each([
    [
      'throws',
      () => {
        throw new TypeError('a bug');
      },
    ],
    ['rejects', () => Promise.reject(new TypeError('a bug'))],
  ])('gives the connection back when the work %s, and passes the error on', async (_, work) => {
    await using opened = await openManager(server.url);
    const { manager } = opened;
    expect(await rejection(manager.withConnection(work))).toEqual(new TypeError('a bug'));
    await until(() => manager.getPoolStats().free === 1);
    expect(manager.getPoolStats()).toMatchObject({ used: 0, total: 1 });
  });

  it('tells with each statement which request it was sent for', async () => {
    await using opened = await openManager(server.url);
    const told: (string | undefined)[] = [];
    opened.manager.on('operation', ({ requestId }) => told.push(requestId));
    const ask = (runner: QueryRunner): Promise<unknown> => runner.query('SELECT 1');
    await opened.manager.withConnection(ask, { context: { requestId: 'r-1' } });
    await opened.manager.withConnection(ask);
    const unitOfWork = createUnitOfWork(opened.dataSource);
    await unitOfWork.run(({ queryRunner }) => ask(queryRunner as QueryRunner), {
      context: { requestId: 'r-2' },
    });
    expect(told.slice(0, 2)).toEqual(['r-1', undefined]);
    expect(told.length).toBeGreaterThan(2);
    expect(new Set(told.slice(2))).toEqual(new Set(['r-2']));
  });

  it('keeps the code and the cause of a statement that failed', async () => {
    await using opened = await openManager(server.url);
    const error = await rejection(opened.manager.withConnection((runner) => runner.query('SELECT 1 / 0')));
    expect(error).toMatchObject({ name: 'QueryFailedError', driverError: { code: '22012' } });
  });

  it('closes the connection, instead of pooling it, when the work throws inside a transaction', async () => {
    await using opened = await openManager(server.url, { max: 1 });
    const { manager } = opened;
    const reasons: string[] = [];
    manager.on('remove', ({ reason }) => reasons.push(reason));
    const bug = new Error('a bug');
    const work = async (runner: QueryRunner): Promise<never> => {
      await runner.query('CREATE TABLE left_by_error (id int)');
      await runner.startTransaction();
      await runner.query('INSERT INTO left_by_error VALUES (1)');
      throw bug;
    };
    expect(await rejection(manager.withConnection(work))).toBe(bug);
    const rows = await manager.withConnection((runner) => runner.query('SELECT id FROM left_by_error'));
    expect(rows).toEqual([]);
    await until(() => reasons.length > 0);
    expect(reasons).toEqual(['in-transaction']);
  });

  it.each([
    ['through TypeORM', (runner: QueryRunner) => runner.startTransaction()],
    ['by a statement', (runner: QueryRunner) => runner.query('BEGIN')],
  ])('does not report success for what a transaction opened %s and left open has lost', async (_, begin) => {
    await using opened = await openManager(server.url);
    const { manager } = opened;
    await manager.withConnection((runner) => runner.query('CREATE TABLE IF NOT EXISTS left_open (id int)'));
    const work = async (runner: QueryRunner): Promise<string> => {
      await begin(runner);
      await runner.query('INSERT INTO left_open VALUES (1)');
      return 'done';
    };
    expect(await rejection(manager.withConnection(work))).toMatchObject({
      name: 'TransactionLeftOpenError',
      code: 'TRANSACTION_LEFT_OPEN',
    });
    const rows = await manager.withConnection((runner) => runner.query('SELECT id FROM left_open'));
    expect(rows).toEqual([]);
  });

  it('would otherwise hand the open transaction to the next caller, and lose what both wrote (control)', async () => {
    const plain = new DataSource({ type: 'postgres', url: server.url, poolSize: 1 });
    await plain.initialize();
    await plain.query('CREATE TABLE lost (id int)');
    const forgetful = plain.createQueryRunner();
    await forgetful.query('BEGIN');
    await forgetful.query('INSERT INTO lost VALUES (1)');
    await forgetful.release();
    await plain.query('INSERT INTO lost VALUES (2)');
    expect(await plain.query('SELECT id FROM lost')).toHaveLength(2);
    await plain.destroy();
    await using opened = await openManager(server.url);
    const rows = await opened.manager.withConnection((runner) => runner.query('SELECT id FROM lost'));
    expect(rows).toEqual([]);
  });

  it('leaves a connection alone that the work has given back itself', async () => {
    await using opened = await openManager(server.url, { max: 1 });
    const { manager } = opened;
    let other: Promise<unknown> | undefined;
    let commit = (): void => {};
    const atWork = manager.withConnection(async (runner) => {
      await runner.release();
      await new Promise<void>((resolve) => {
        other = manager.withConnection(async (otherRunner) => {
          await otherRunner.startTransaction();
          resolve();
          await new Promise<void>((isEnough) => {
            commit = isEnough;
          });
          await otherRunner.commitTransaction();
          return 'committed';
        });
      });
      return 'done';
    });
    expect(await atWork).toBe('done');
    commit();
    expect(await other).toBe('committed');
    expect(manager.getPoolStats()).toMatchObject({ used: 0 });
  });
});
