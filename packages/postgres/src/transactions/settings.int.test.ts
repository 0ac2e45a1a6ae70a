import {
  openProxy,
  openTemporaryServer,
  type ProxyMessage,
  type TemporaryServer,
} from '@holdfast/local-postgres';
import type { EntityManager } from 'typeorm';
import { createPostgresDataSource } from '../data-source/data-source';
import { openDataSource } from '../data-source/open-data-source';
import { readEvents } from '../data-source/pool-registry';
import type { OperationEvent } from '../events/postgres-events';
import { createConnectionManager } from '../manager/manager-registry';
import { breakOnce } from '../test/faults';
import { openManager } from '../test/manager';
import { readSetting } from '../test/read-setting';
import { rejection, settings, until } from '../test/settings';
import { createTables, openSource, withClient } from '../test/transfers';
import { createUnitOfWork } from './unit-of-work';

const SETTINGS = { 'app.tenant': `o'ne \\ "two"`, 'app.user': '' };
const SECRET = { 'app.tenant': 'never-shown' };

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
  await createTables(server.url);
});
afterAll(() => server?.stop());

describe('the settings of a unit of work', () => {
  it('hold in its transaction as they were given, and not after it', async () => {
    await using source = await openSource(server.url, { max: 1 });
    const unitOfWork = createUnitOfWork(source.dataSource);
    for (let round = 0; round < 3; round += 1) {
      const held = await unitOfWork.run(
        async (manager) => [await readSetting(manager), await readSetting(manager, 'app.user')],
        { settings: SETTINGS },
      );
      expect(held).toEqual([`o'ne \\ "two"`, '']);
      expect(await readSetting(source.dataSource.manager)).toBeFalsy();
      expect(await unitOfWork.run((manager) => readSetting(manager))).toBeFalsy();
    }
  });

  it('cost no round trip', async () => {
    await using proxy = await openProxy(server);
    await using source = await openSource(proxy.urlThrough(server.url), { max: 1 });
    const unitOfWork = createUnitOfWork(source.dataSource, { witness: false });
    const work = (manager: EntityManager) => manager.query('SELECT balance FROM accounts WHERE id = $1', [1]);
    const count = async (options: object) => {
      for (let use = 0; use < 3; use += 1) await unitOfWork.run(work, options);
      proxy.resetCounts();
      await unitOfWork.run(work, options);
      return proxy.counts.roundTrips;
    };
    expect(await count({ readOnly: true })).toBe(2);
    expect(await count({ readOnly: true, settings: SECRET })).toBe(2);
  });

  it('hold in every attempt', async () => {
    await using source = await openSource(server.url);
    const unitOfWork = createUnitOfWork(source.dataSource, { retry: { baseDelayMs: 1 } });
    const held: unknown[] = [];
    await unitOfWork.run(
      async (manager, { attempt }) => {
        held.push(await readSetting(manager));
        if (attempt === 1) await manager.query('SELECT pg_terminate_backend(pg_backend_pid())');
      },
      { settings: SECRET },
    );
    expect(held).toEqual(['never-shown', 'never-shown']);
  });

  it('hold for the look-up after a lost COMMIT, which sees nothing without them', async () => {
    await using proxy = await openProxy(server);
    await using source = await openSource(proxy.urlThrough(server.url), { max: 2 });
    const unitOfWork = createUnitOfWork(source.dataSource, { witness: false });
    let cuts = 0;
    proxy.onMessage(({ direction, type, text }: ProxyMessage) => {
      if (direction !== 'backend' || type !== 'C' || text !== 'COMMIT' || cuts > 0) return undefined;
      cuts += 1;
      return 'cut-before';
    });
    const seen: unknown[] = [];
    let runs = 0;
    await unitOfWork.run(
      async (manager) => {
        runs += 1;
        await manager.query(`INSERT INTO transfers VALUES ('by-setting-${runs}', 1)`);
      },
      {
        settings: SECRET,
        wasApplied: async (manager) => {
          seen.push(await readSetting(manager));
          // As a policy would have it.
          const found = await manager.query(
            `SELECT FROM transfers WHERE id = 'by-setting-1' AND current_setting('app.tenant', true) = $1`,
            ['never-shown'],
          );
          return found.length > 0;
        },
      },
    );
    expect({ cuts, runs, seen }).toEqual({ cuts: 1, runs: 1, seen: ['never-shown'] });
  });

  it('fail the transaction where the server refuses one, and nothing of its work is done', async () => {
    await using source = await openSource(server.url, { max: 1 });
    // From now on the session knows whose prefix this is.
    await source.dataSource.query('DO $$ BEGIN END $$');
    const unitOfWork = createUnitOfWork(source.dataSource);
    const options = { settings: { 'plpgsql.no_such': 'x' } };
    const work = (id: number) => (manager: EntityManager) =>
      manager.query('INSERT INTO transfers VALUES ($1, 1)', [`refused-${id}`]);
    expect((await rejection(unitOfWork.run(work(1), options))).message).toMatch(/plpgsql/);
    const swallow = unitOfWork.run(async (manager) => {
      await rejection(work(2)(manager));
      expect((await rejection(work(3)(manager))).message).toMatch(/plpgsql/);
    }, options);
    expect((await rejection(swallow)).message).toMatch(/plpgsql/);
    const read = `SELECT id FROM transfers WHERE id LIKE 'refused-%'`;
    expect(await withClient(server.url, async (client) => (await client.query(read)).rows)).toEqual([]);
  });

  it('are read by nobody else: not in statistics of sessions, not in what listeners are told', async () => {
    await using proxy = await openProxy(server);
    await using source = await openSource(proxy.urlThrough(server.url), { max: 1 });
    const told: OperationEvent[] = [];
    readEvents(source.dataSource).on('operation', (event) => told.push(event));
    // The server sets it, and gets nothing yet of what comes behind.
    let isSetting = false;
    breakOnce(
      proxy,
      ({ type, text }) => {
        isSetting ||= text?.includes('set_config') ?? false;
        return isSetting && type === 'E';
      },
      'freeze-after',
    );
    const unitOfWork = createUnitOfWork(source.dataSource, { witness: false });
    const running = unitOfWork.run((manager) => manager.query('SELECT 1'), { settings: SECRET });
    const queries: string[] = [];
    await until(() =>
      withClient(server.url, async (client) => {
        const { rows } = await client.query('SELECT query FROM pg_stat_activity');
        queries.push(...rows.map(({ query }) => query));
        return queries.some((query) => query.includes('set_config'));
      }),
    );
    proxy.thaw();
    await running;
    expect(told).toMatchObject([{ operation: 'BEGIN' }, { operation: 'SELECT' }, { operation: 'COMMIT' }]);
    expect(JSON.stringify([queries, told])).not.toContain('never-shown');
  });
});

describe('the settings of work on a connection', () => {
  const TEXTS: [string, string, unknown[]][] = [
    ['with values', `SELECT current_setting('app.tenant', true) AS value, $1::int AS number`, [1]],
    ['without values', `SELECT current_setting('app.tenant', true) AS value, 1 AS number`, []],
    [
      'that wants a plan of its own',
      `/* holdfast:custom-plan */ SELECT current_setting('app.tenant', true) AS value, $1::int AS number`,
      [1],
    ],
  ];

  it.each([0, 256])('hold for each statement, and not after it, with %d prepared ones', async (most) => {
    const dataSource = createPostgresDataSource({
      url: server.url,
      pool: { ...settings, max: 1 },
      applicationName: 'test',
      entities: [],
      migrations: [],
      maxPreparedStatements: most,
    });
    await openDataSource(dataSource);
    await using manager = createConnectionManager(dataSource, {
      healthCheckIntervalMs: 0,
      transactions: createUnitOfWork(dataSource),
    });
    for (const [, text, values] of TEXTS) {
      const read = (settings?: Record<string, string>) =>
        manager.withConnection((runner) => runner.query(text, values), settings ? { settings } : {});
      for (let use = 0; use < 4; use += 1) {
        expect(await read(SETTINGS)).toEqual([{ value: `o'ne \\ "two"`, number: 1 }]);
        const [{ value }] = await read();
        expect(value).toBeFalsy();
      }
    }
  });

  it('cost neither a round trip nor a transaction', async () => {
    await using proxy = await openProxy(server);
    await using opened = await openManager(proxy.urlThrough(server.url), { max: 1 });
    const run = (options: object) =>
      opened.manager.withConnection(
        (runner) => runner.query('SELECT balance FROM accounts WHERE id = $1', [1]),
        options,
      );
    for (let use = 0; use < 4; use += 1) await run({ settings: SECRET });
    proxy.resetCounts();
    await run({ settings: SECRET });
    expect(proxy.counts).toMatchObject({ roundTrips: 1, frontend: { B: 2, E: 2, S: 1 } });
    for (const kind of 'PD') expect(proxy.counts.frontend).not.toHaveProperty(kind);
  });

  it('go with statements that went stale, or were forgotten by the server', async () => {
    await using opened = await openManager(server.url, { max: 1 });
    await withClient(server.url, (client) => client.query('CREATE TABLE changing AS SELECT 1 AS id'));
    const read = () =>
      opened.manager.withConnection(
        (runner) =>
          runner.query(
            `SELECT *, current_setting('app.tenant', true) AS value FROM changing WHERE id = $1`,
            [1],
          ),
        { settings: SECRET },
      );
    for (let use = 0; use < 3; use += 1) expect(await read()).toEqual([{ id: 1, value: 'never-shown' }]);
    await withClient(server.url, (client) => client.query('ALTER TABLE changing ADD COLUMN more int'));
    expect(await read()).toEqual([{ id: 1, more: null, value: 'never-shown' }]);
    // In a way that the connection is not told of.
    await withClient(server.url, (client) =>
      client.query(`
        CREATE FUNCTION forget() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$`),
    );
    await opened.manager.withConnection((runner) => runner.query('SELECT forget()'));
    for (let use = 0; use < 3; use += 1) {
      expect(await read()).toEqual([{ id: 1, more: null, value: 'never-shown' }]);
    }
  });

  it('leave failures as they are, and the connection in order', async () => {
    await using opened = await openManager(server.url, { max: 1 });
    for (let use = 0; use < 3; use += 1) {
      const divide = opened.manager.withConnection((runner) => runner.query('SELECT 1 / $1::int', [0]), {
        settings: SECRET,
      });
      expect(await rejection(divide)).toMatchObject({ code: '22012' });
    }
    expect(
      await opened.manager.withConnection((runner) => readSetting(runner.manager), { settings: SECRET }),
    ).toBe('never-shown');
  });

  it('hold in a transaction of the work, which can be rolled back when it has failed', async () => {
    await using opened = await openManager(server.url, { max: 1 });
    const failed = opened.manager.withConnection(
      ({ manager }) =>
        manager.transaction(async (inner) => {
          expect(await readSetting(inner)).toBe('never-shown');
          await inner.query('SELECT 1 / 0');
        }),
      { settings: SECRET },
    );
    expect(await rejection(failed)).toMatchObject({ code: '22012' });
    expect(opened.manager.getPoolStats()).toMatchObject({ total: 1 });
  });
});

it.each([
  ['search_path', { search_path: 'x' }],
  ['role', { role: 'postgres' }],
  ['a.b.c', { 'a.b.c': 'x' }],
  ["a.b'", { "a.b'": 'x' }],
])('a setting named %s is refused before anything is sent', async (name, settings) => {
  await using source = await openSource(server.url);
  const run = createUnitOfWork(source.dataSource).run(async () => undefined, { settings });
  expect(await rejection(run)).toMatchObject({ code: 'INVALID_OPTION', option: 'settings', value: name });
});

it('a value that is no text is refused, and not told', async () => {
  await using source = await openSource(server.url);
  for (const value of [5, 'a\0b', null]) {
    const settings = { 'app.tenant': value } as unknown as Record<string, string>;
    const error = await rejection(
      createUnitOfWork(source.dataSource).run(async () => undefined, { settings }),
    );
    expect(error).toMatchObject({ code: 'INVALID_OPTION', option: 'settings.app.tenant' });
    expect(error.message).not.toMatch(/a\0b|5/);
  }
});
