import type { StructuredLogger } from '@holdfast/resilience';
import { EntitySchema } from 'typeorm';
import { createPostgresDataSource } from '../data-source/data-source';
import { closeDataSource, openDataSource } from '../data-source/open-data-source';
import { readEvents } from '../data-source/pool-registry';
import { createPostgresEmitter, type PostgresEvents } from '../events/postgres-events';
import { openPool, settings, until } from '../test/settings';
import { openTestServer, type TestServer } from '../test/test-server';
import type { HoldfastPool } from './pool';

type Leak = PostgresEvents['leak'];

const LEAK_MS = 20;

describe('watching for connections that are never given back', () => {
  let database: TestServer;

  beforeAll(async () => {
    database = await openTestServer();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  function openWatchedPool() {
    const events = createPostgresEmitter();
    const leaks: Leak[] = [];
    const warnings: { message: string; fields: unknown }[] = [];
    events.on('leak', (leak) => leaks.push(leak));
    const logger = {
      debug() {},
      info() {},
      error() {},
      warn: (message: string, fields: unknown) => warnings.push({ message, fields }),
    } as unknown as StructuredLogger;
    const pool = openPool(database.url, { leakMs: LEAK_MS }, { events, logger, name: 'watched' });
    return { pool, leaks, warnings };
  }

  async function forgetByAcquire(pool: HoldfastPool) {
    return await pool.acquire();
  }

  async function forgetByConnect(pool: HoldfastPool) {
    return await pool.connect();
  }

  function forgetByCallback(pool: HoldfastPool, done: (release: () => void) => void) {
    pool.connect((_error, _client, release) => done(release));
  }

  it('names the function that acquired one, whichever way it asked', async () => {
    const watched = openWatchedPool();
    await using pool = watched.pool;
    const clients = [await forgetByAcquire(pool), await forgetByConnect(pool)];
    const release = await new Promise<() => void>((resolve) => forgetByCallback(pool, resolve));
    await until(() => watched.leaks.length === 3);
    for (const [index, name] of ['forgetByAcquire', 'forgetByConnect', 'forgetByCallback'].entries()) {
      expect(watched.leaks[index]).toEqual({
        pool: 'watched',
        heldMs: expect.any(Number),
        site: expect.stringMatching(new RegExp(`^ +at .*${name}.*pool-leak\\.int\\.test\\.ts`, 'm')),
      });
      expect(watched.leaks[index]?.heldMs).toBeGreaterThanOrEqual(LEAK_MS);
    }
    for (const client of clients) client.release();
    release();
  });

  it('tells the log too', async () => {
    const watched = openWatchedPool();
    await using pool = watched.pool;
    const client = await forgetByAcquire(pool);
    await until(() => watched.warnings.length === 1);
    expect(watched.warnings).toEqual([
      {
        message: 'A connection is held for long and may have been forgotten',
        fields: {
          pool: 'watched',
          heldMs: expect.any(Number),
          site: expect.stringContaining('forgetByAcquire'),
        },
      },
    ]);
    client.release();
  });

  it('reports each hold once, and none that was given back', async () => {
    const watched = openWatchedPool();
    await using pool = watched.pool;
    (await pool.acquire()).release();
    const first = await forgetByAcquire(pool);
    await until(() => watched.leaks.length === 1);
    const second = await forgetByConnect(pool);
    await until(() => watched.leaks.some(({ site }) => site.includes('forgetByConnect')));
    expect(watched.leaks).toHaveLength(2);
    first.release();
    second.release();
    // The same connection, held again, is another hold.
    const third = await forgetByAcquire(pool);
    await until(() => watched.leaks.length === 3);
    third.release();
  });

  it('names the function behind the many of TypeORM', async () => {
    const Note = new EntitySchema<{ id: number }>({
      name: 'Note',
      columns: { id: { type: 'int', primary: true } },
    });
    const dataSource = createPostgresDataSource({
      url: database.url,
      pool: { ...settings, leakMs: LEAK_MS },
      applicationName: 'leak',
      entities: [Note],
      migrations: [],
    });
    const leaks: Leak[] = [];
    readEvents(dataSource).on('leak', (leak) => leaks.push(leak));
    await openDataSource(dataSource);
    const blocker = dataSource.createQueryRunner();
    try {
      await dataSource.query('CREATE TABLE note (id int PRIMARY KEY)');
      await blocker.startTransaction();
      await blocker.query('LOCK TABLE note');
      const findLate = async () => {
        await dataSource.getRepository(Note).findOneBy({ id: 1 });
      };
      const found = findLate();
      await until(() => leaks.some(({ site }) => /findLate.*pool-leak\.int\.test\.ts/.test(site)));
      await blocker.rollbackTransaction();
      await found;
    } finally {
      await blocker.release();
      await closeDataSource(dataSource);
    }
  });

  it('is off when the limit is 0', async () => {
    const watched = openWatchedPool();
    await using pool = watched.pool;
    const events = createPostgresEmitter();
    const leaks: Leak[] = [];
    events.on('leak', (leak) => leaks.push(leak));
    await using unwatched = openPool(database.url, { leakMs: 0 }, { events });
    const held = await unwatched.acquire();
    const leaked = await pool.acquire();
    await until(() => watched.leaks.length === 1);
    expect(leaks).toEqual([]);
    held.release();
    leaked.release();
  });
});
