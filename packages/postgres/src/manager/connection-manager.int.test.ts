import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { createDeadline } from '@holdfast/resilience';
import { readPhase } from '@holdfast/resilience/postgres';
import { DataSource, type QueryRunner } from 'typeorm';
import { openDataSource } from '../data-source/open-data-source';
import { createPlainTransactions, createTestDataSource, openManager } from '../test/manager';
import { openPool, rejection, until } from '../test/settings';
import { createUnitOfWork } from '../transactions/unit-of-work';
import { createConnectionManager, getConnectionManager } from './manager-registry';

describe('the connection manager', () => {
  let server: TemporaryServer;

  beforeAll(async () => {
    server = await openTemporaryServer();
  });

  afterAll(() => server?.stop());

  describe('of a DataSource', () => {
    it('is one, and shared', async () => {
      await using opened = await openManager(server.url);
      const { dataSource, manager } = opened;
      expect(getConnectionManager(dataSource)).toBe(manager);
      const transactions = createPlainTransactions(dataSource);
      expect(() => createConnectionManager(dataSource, { transactions })).toThrow(
        expect.objectContaining({
          name: 'ConnectionManagerExistsError',
          code: 'CONNECTION_MANAGER_EXISTS',
          message: expect.stringContaining('getConnectionManager'),
        }),
      );
    });

    it('says what to call when it is asked for before it was set up', () => {
      const dataSource = createTestDataSource(server.url);
      expect(() => getConnectionManager(dataSource)).toThrow(
        expect.objectContaining({
          name: 'ConnectionManagerMissingError',
          code: 'CONNECTION_MANAGER_MISSING',
          message: expect.stringContaining('createConnectionManager'),
        }),
      );
    });

    it('belongs to that one alone', async () => {
      await using first = await openManager(server.url);
      await using second = await openManager(server.url);
      expect(getConnectionManager(second.dataSource)).not.toBe(first.manager);
    });

    it('may follow one that is closed', async () => {
      const dataSource = createTestDataSource(server.url);
      const transactions = createPlainTransactions(dataSource);
      const first = createConnectionManager(dataSource, { transactions });
      await first.close();
      expect(getConnectionManager(dataSource)).toBe(first);
      const second = createConnectionManager(dataSource, { transactions });
      expect(getConnectionManager(dataSource)).toBe(second);
      await dataSource.initialize();
      await expect(second.withConnection((runner) => runner.query('SELECT 1 AS one'))).resolves.toEqual([
        { one: 1 },
      ]);
      expect(await rejection(first.withConnection(() => 1))).toMatchObject({ code: 'POOL_CLOSED' });
      await second.close();
    });

    it('is made before that is open, and refuses work until then', async () => {
      const dataSource = createTestDataSource(server.url);
      const transactions = createPlainTransactions(dataSource);
      await using manager = createConnectionManager(dataSource, { transactions });
      const notOpen = { code: 'DATA_SOURCE_NOT_OPEN' };
      expect(await rejection(manager.withConnection(() => 1))).toMatchObject(notOpen);
      expect(await rejection(manager.withTransaction(async () => 1))).toMatchObject(notOpen);
      expect(await manager.testConnection()).toMatchObject({ ok: false, error: notOpen });
      expect(() => manager.getPoolStats()).toThrow(expect.objectContaining(notOpen));
      await openDataSource(dataSource);
      expect(await manager.withConnection(() => 1)).toBe(1);
    });

    it('is not made for one of another make', () => {
      const dataSource = new DataSource({ type: 'postgres', url: server.url });
      const transactions = createPlainTransactions(dataSource);
      expect(() => createConnectionManager(dataSource, { transactions })).toThrow(
        expect.objectContaining({ code: 'FOREIGN_DATA_SOURCE' }),
      );
    });
  });

  describe('withConnection', () => {
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
    ])(
      'does not report success for what a transaction opened %s and left open has lost',
      async (_, begin) => {
        await using opened = await openManager(server.url);
        const { manager } = opened;
        await manager.withConnection((runner) =>
          runner.query('CREATE TABLE IF NOT EXISTS left_open (id int)'),
        );
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
      },
    );

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

    it('ends a wait at once when the signal is aborted, and the work has not run', async () => {
      await using opened = await openManager(server.url, { max: 1 });
      const { manager } = opened;
      const controller = new AbortController();
      const reason = new Error('the client is gone');
      let runs = 0;
      await manager.withConnection(async () => {
        const waiting = rejection(manager.withConnection(() => ++runs, { signal: controller.signal }));
        await until(() => manager.getPoolStats().waiting === 1);
        controller.abort(reason);
        expect(await waiting).toBe(reason);
      });
      expect([runs, manager.getPoolStats().waiting]).toEqual([0, 0]);
    });

    it.each([
      ['in milliseconds', () => 50],
      ['as a deadline', () => createDeadline(50)],
    ])('bounds the wait by a limit given %s', async (_, limit) => {
      await using opened = await openManager(server.url, { max: 1 });
      const { manager } = opened;
      await manager.withConnection(async () => {
        const error = await rejection(manager.withConnection(() => 1, { deadline: limit() }));
        expect(error).toMatchObject({ code: 'POOL_EXHAUSTED', used: 1, max: 1 });
        expect(readPhase(error)).toBe('acquire');
      });
    });

    it('does not ask for a connection once the deadline has passed', async () => {
      await using opened = await openManager(server.url);
      const { manager } = opened;
      let acquired = 0;
      manager.on('acquire', () => {
        acquired += 1;
      });
      for (const deadline of [0, -5, { remainingMs: () => 0 }]) {
        const error = await rejection(manager.withConnection(() => 1, { deadline }));
        expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
        expect(readPhase(error)).toBe('acquire');
      }
      expect(await rejection(manager.withConnection(() => 1, { deadline: Number.NaN }))).toMatchObject({
        code: 'INVALID_OPTION',
        option: 'deadline',
      });
      expect(acquired).toBe(0);
    });

    it('gives its limits to its own caller alone', async () => {
      await using opened = await openManager(server.url, { max: 1 });
      const { manager } = opened;
      let other: Promise<number> | undefined;
      await manager.withConnection(async () => {
        const limited = rejection(manager.withConnection(() => 1, { deadline: 20 }));
        other = manager.withConnection(() => 2);
        expect(await limited).toMatchObject({ code: 'POOL_EXHAUSTED' });
      });
      expect(await other).toBe(2);
    });
  });

  describe('withTransaction', () => {
    it('hands work and options to the unit of work, and returns what that returns', async () => {
      await using opened = await openManager(server.url);
      const { dataSource } = opened;
      await opened.manager.close();
      const manager = createConnectionManager(dataSource, {
        transactions: createPlainTransactions(dataSource),
      });
      await dataSource.initialize();
      const answer = await manager.withTransaction(
        async (entities, { attempt }) => {
          const [row] = await entities.query(`SELECT current_setting('transaction_isolation') AS isolation`);
          return { isolation: row.isolation as string, attempt };
        },
        { isolation: 'SERIALIZABLE' },
      );
      expect(answer).toEqual({ isolation: 'serializable', attempt: 1 });
      const bug = new Error('a bug');
      expect(await rejection(manager.withTransaction(() => Promise.reject(bug)))).toBe(bug);
      await manager.close();
    });

    it('runs on a unit of work, whose options and facts it takes over', async () => {
      const dataSource = await openDataSource(createTestDataSource(server.url));
      const transactions = createUnitOfWork(dataSource, { witness: false });
      await using manager = createConnectionManager(dataSource, { transactions });
      const told: string[] = [];
      manager.on('transaction', ({ outcome, attempts }) => told.push(`${outcome} after ${attempts}`));
      const shared = getConnectionManager(dataSource);
      const attempts = await shared.withTransaction(
        async (entities, { attempt, afterCommit }) => {
          afterCommit(() => told.push('hook'));
          await entities.query('SELECT 1');
          if (attempt === 1) throw Object.assign(new Error('in the way of another'), { code: '40001' });
          return attempt;
        },
        { isolation: 'SERIALIZABLE', readOnly: true, deadline: 60_000 },
      );
      expect([attempts, told]).toEqual([2, ['committed after 2', 'hook']]);
    });
  });

  describe('testConnection', () => {
    it('tells latency, version and role of a server that answers', async () => {
      await using opened = await openManager(server.url);
      expect(await opened.manager.testConnection()).toEqual({
        ok: true,
        latencyMs: expect.any(Number),
        serverVersion: expect.stringMatching(new RegExp(`^${server.version}\\.`)),
        isPrimary: true,
      });
    });

    it('says that no connection was free, when that is why', async () => {
      await using opened = await openManager(server.url, { max: 1 });
      const { manager } = opened;
      const test = await manager.withConnection(() => manager.testConnection({ timeoutMs: 30 }));
      expect(test).toEqual({
        ok: false,
        latencyMs: expect.any(Number),
        error: expect.objectContaining({ code: 'PROBE_TIMEOUT', stage: 'acquire' }),
      });
    });

    it('never rejects, whatever it is given', async () => {
      await using opened = await openManager(server.url);
      const test = await opened.manager.testConnection({ timeoutMs: -1 });
      expect(test).toMatchObject({ ok: false, error: { code: 'INVALID_OPTION', option: 'timeoutMs' } });
    });

    it('says in one line where the connection was to go, when it cannot be opened any more', async () => {
      await using admin = openPool(server.adminUrl, { max: 1 });
      await admin.query('CREATE DATABASE doomed');
      await using opened = await openManager(
        Object.assign(new URL(server.url), { pathname: '/doomed' }).href,
      );
      const { manager } = opened;
      expect(await manager.testConnection()).toMatchObject({ ok: true });
      await admin.query('DROP DATABASE doomed WITH (FORCE)');
      await until(() => manager.getPoolStats().total === 0);
      const test = await manager.testConnection();
      expect(test).toMatchObject({
        ok: false,
        error: {
          name: 'DatabaseConnectionError',
          code: 'DATABASE_MISSING',
          message: expect.stringContaining('createdb "doomed"'),
          cause: { code: '3D000' },
        },
      });
    });
  });

  describe('getPoolStats', () => {
    it('counts what is used, free and waiting, by environment', async () => {
      await using opened = await openManager(server.url, { max: 2 }, { environment: 'staging' });
      const { manager } = opened;
      await manager.withConnection(async () => {
        expect(manager.getPoolStats()).toEqual({
          environment: 'staging',
          used: 1,
          free: 0,
          total: 1,
          waiting: 0,
          min: 0,
          max: 2,
          utilization: 0.5,
        });
      });
    });
  });

  describe('on', () => {
    it('tells what the connections do, until it is left', async () => {
      await using opened = await openManager(server.url);
      const { manager } = opened;
      const told: string[] = [];
      const leave = [
        manager.on('connect', () => told.push('connect')),
        manager.on('acquire', () => told.push('acquire')),
        manager.on('release', () => told.push('release')),
        manager.on('remove', ({ reason }) => told.push(`remove ${reason}`)),
      ];
      await rejection(manager.withConnection((runner) => runner.query('BEGIN')));
      await until(() => told.length === 3);
      expect(told.splice(0)).toEqual(['acquire', 'release', 'remove in-transaction']);
      await manager.withConnection(() => {});
      expect(told).toEqual(['connect', 'acquire', 'release']);
      for (const stop of leave) stop();
      await manager.withConnection(() => {});
      expect(told).toHaveLength(3);
    });

    it('changes nothing when a listener throws or rejects', async () => {
      await using opened = await openManager(server.url, { max: 1 });
      const { manager } = opened;
      const fail = (): void => {
        throw new Error('a listener failed');
      };
      const failLater = (): unknown => Promise.reject(new Error('a listener failed later'));
      for (const name of ['connect', 'acquire', 'release', 'remove', 'error', 'health', 'alert'] as const) {
        manager.on(name, fail);
        manager.on(name, failLater);
      }
      expect(await manager.withConnection(() => 1)).toBe(1);
      expect(await manager.testConnection()).toMatchObject({ ok: true });
      expect(await rejection(manager.withConnection((runner) => runner.query('nonsense')))).toMatchObject({
        driverError: { code: '42601' },
      });
      expect(manager.getPoolStats()).toMatchObject({ used: 0, waiting: 0 });
    });

    it('refuses an event that there is not', async () => {
      await using opened = await openManager(server.url);
      expect(() => opened.manager.on('aquire' as 'acquire', () => {})).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION', value: 'aquire' }),
      );
    });
  });
});
