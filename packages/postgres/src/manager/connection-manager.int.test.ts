import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { DataSource } from 'typeorm';
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
