import { openTemporaryServer } from '@holdfast/local-postgres';
import { type DataSource, EntitySchema } from 'typeorm';
import { openPool, rejection, settings, until } from '../test/settings';
import { openSilentServer } from '../test/silent-server';
import { createPostgresDataSource } from './data-source';
import type { PostgresDataSourceSettings } from './data-source-settings';
import { closeDataSource, openDataSource } from './open-data-source';
import { readPoolStats } from './read-pool-stats';

type Server = Awaited<ReturnType<typeof openTemporaryServer>>;

const NAME = 'holdfast-test';

function createDataSource(url: string, changes: Partial<PostgresDataSourceSettings> = {}): DataSource {
  return createPostgresDataSource({
    url,
    pool: { ...settings, acquireMs: 100 },
    applicationName: NAME,
    entities: [],
    migrations: [],
    ...changes,
  });
}

function changeUrl(
  url: string,
  changes: Partial<Pick<URL, 'port' | 'hostname' | 'password' | 'username' | 'pathname'>>,
) {
  return Object.assign(new URL(url), changes).href;
}

describe('openDataSource', () => {
  let server: Server;
  let admin: ReturnType<typeof openPool>;

  beforeAll(async () => {
    server = await openTemporaryServer();
    admin = openPool(server.adminUrl, { max: 1 });
    await admin.query(`CREATE ROLE stranger LOGIN PASSWORD 'right'`);
  });

  afterAll(async () => {
    await admin?.end();
    await server?.stop();
  });

  async function countBackends(): Promise<number> {
    const { rows } = await admin.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = $1',
      [NAME],
    );
    return rows[0]?.count ?? -1;
  }

  it('opens a DataSource whose pool answers, and closes it without a trace', async () => {
    const dataSource = createDataSource(server.url, { pool: { ...settings, min: 2 } });
    await openDataSource(dataSource);
    await expect(dataSource.query('SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
    await until(() => readPoolStats(dataSource).free === 2);
    expect(readPoolStats(dataSource)).toEqual({
      used: 0,
      free: 2,
      total: 2,
      waiting: 0,
      min: 2,
      max: 3,
      utilization: 0,
    });
    expect(await countBackends()).toBe(2);
    await closeDataSource(dataSource);
    await closeDataSource(dataSource);
    await until(async () => (await countBackends()) === 0);
    expect(() => readPoolStats(dataSource)).toThrow(
      expect.objectContaining({ code: 'DATA_SOURCE_NOT_OPEN' }),
    );
  });

  it('keeps 64-bit integers whole', async () => {
    const dataSource = await openDataSource(createDataSource(server.url));
    await expect(dataSource.query('SELECT 9007199254740993::int8 AS big')).resolves.toEqual([
      { big: '9007199254740993' },
    ]);
    await closeDataSource(dataSource);
  });

  it('lets TypeORM default generated UUIDs to a function that needs no extension', async () => {
    const Note = new EntitySchema<{ id: string }>({
      name: 'Note',
      columns: { id: { type: 'uuid', primary: true, generated: 'uuid' } },
    });
    const dataSource = await openDataSource(createDataSource(server.url, { entities: [Note] }));
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    for (const { query } of upQueries) await dataSource.query(query);
    await expect(dataSource.query('INSERT INTO note DEFAULT VALUES RETURNING id')).resolves.toHaveLength(1);
    await dataSource.query('DROP TABLE note');
    await closeDataSource(dataSource);
  });

  it('lets a transaction in flight finish when it is closed', async () => {
    const dataSource = await openDataSource(createDataSource(server.url));
    const work = dataSource.transaction(async (manager) => {
      await manager.query('CREATE TABLE finished (id int)');
      await manager.query('SELECT pg_sleep(0.1)');
      await manager.query('INSERT INTO finished VALUES (1)');
    });
    await until(() => readPoolStats(dataSource).used === 1);
    await closeDataSource(dataSource);
    await work;
    const check = await openDataSource(createDataSource(server.url));
    await expect(check.query('SELECT id FROM finished')).resolves.toEqual([{ id: 1 }]);
    await closeDataSource(check);
  });

  describe('failing', () => {
    /** Counts calls of initialize: one per attempt. */
    async function failToOpen(url: string, changes: Partial<PostgresDataSourceSettings> = {}) {
      const dataSource = createDataSource(url, changes);
      const initialize = jest.spyOn(dataSource, 'initialize');
      const error = await rejection(openDataSource(dataSource, { attempts: 2 }));
      expect(error).toMatchObject({ name: 'DatabaseConnectionError' });
      expect(error.message).not.toMatch(/\n/);
      await until(async () => (await countBackends()) === 0);
      expect(() => readPoolStats(dataSource)).toThrow();
      return { error, attempts: initialize.mock.calls.length };
    }

    it('on a wrong password says so in one line without the password, and does not try again', async () => {
      const url = changeUrl(server.url, { username: 'stranger', password: 'hunter2' });
      const { error, attempts } = await failToOpen(url);
      // The server asked for the password, and the password was wrong.
      expect(error).toMatchObject({ code: 'DATABASE_LOGIN_REFUSED', cause: { code: '28P01' } });
      expect(error.message).toContain('"stranger"');
      expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain('hunter2');
      expect(attempts).toBe(1);
    });

    it('on a missing database names it, and does not try again', async () => {
      const { error, attempts } = await failToOpen(changeUrl(server.url, { pathname: '/nowhere' }));
      expect(error).toMatchObject({ code: 'DATABASE_MISSING' });
      expect(error.message).toContain('createdb "nowhere"');
      expect(attempts).toBe(1);
    });

    it('on a port where nothing listens says so, after trying again', async () => {
      const silent = await openSilentServer();
      await silent[Symbol.asyncDispose]();
      const { error, attempts } = await failToOpen(changeUrl(server.url, { port: String(silent.port) }));
      expect(error).toMatchObject({ code: 'DATABASE_UNREACHABLE' });
      expect(error.message).toContain(`127.0.0.1:${silent.port}`);
      expect(attempts).toBe(2);
    });

    it('on an unknown host says so', async () => {
      const { error } = await failToOpen(changeUrl(server.url, { hostname: 'no-such-host.invalid' }));
      expect(error).toMatchObject({ code: 'DATABASE_HOST_UNKNOWN' });
      expect(error.message).toContain('no-such-host.invalid');
    });

    it('on a server without TLS that should have it says so', async () => {
      const { error, attempts } = await failToOpen(server.url, { ssl: true });
      expect(error).toMatchObject({ code: 'DATABASE_TLS_REFUSED' });
      expect(attempts).toBe(1);
    });

    it('on a server that says nothing tells of the timeout', async () => {
      await using silent = await openSilentServer();
      const { error } = await failToOpen(changeUrl(server.url, { port: String(silent.port) }));
      expect(error).toMatchObject({ code: 'DATABASE_TIMEOUT' });
      await until(() => silent.sockets.size === 0);
    });

    it('after connecting passes the error through and closes the connection', async () => {
      const dataSource = createDataSource(server.url, { migrations: [class NoTimestamp {}] });
      const broken = new Error('metadata are wrong');
      jest
        .spyOn(dataSource as unknown as { buildMetadatas(): Promise<void> }, 'buildMetadatas')
        .mockRejectedValue(broken);
      expect(await rejection(openDataSource(dataSource))).toBe(broken);
      await until(async () => (await countBackends()) === 0);
    });
  });

  it('ends at once when its signal is aborted, and leaves no socket', async () => {
    await using silent = await openSilentServer();
    const dataSource = createDataSource(changeUrl(server.url, { port: String(silent.port) }), {
      pool: settings,
    });
    const controller = new AbortController();
    const opening = rejection(openDataSource(dataSource, { signal: controller.signal }));
    await until(() => silent.sockets.size === 1);
    const reason = new Error('shutting down');
    controller.abort(reason);
    expect(await opening).toBe(reason);
    await until(() => silent.sockets.size === 0);
  });
});

describe('openDataSource on a server that comes up late', () => {
  it('waits for it', async () => {
    const server = await openTemporaryServer();
    try {
      await server.halt();
      const dataSource = createDataSource(server.url);
      const opening = openDataSource(dataSource, { attempts: 100 });
      await server.resume();
      await opening;
      await expect(dataSource.query('SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
      await closeDataSource(dataSource);
    } finally {
      await server.stop();
    }
  });
});
