import { bulkhead, type StructuredLogger } from '@holdfast/resilience';
import type { PoolClient } from 'pg';
import { EntitySchema, type Repository } from 'typeorm';
import { createPostgresDataSource } from '../data-source/data-source';
import { closeDataSource, openDataSource } from '../data-source/open-data-source';
import { readEvents } from '../data-source/pool-registry';
import { createPostgresEmitter, type PostgresEvents } from '../events/postgres-events';
import { openManager } from '../test/manager';
import { compileProgram } from '../test/program';
import { openPool, settings, until } from '../test/settings';
import { openTestServer, type TestServer } from '../test/test-server';
import { openSource } from '../test/transfers';
import { createUnitOfWork, type UnitOfWork } from '../transactions/unit-of-work';
import type { HoldfastPool } from './pool';

type Leak = PostgresEvents['leak'];

const LEAK_MS = 20;

/** The file of the program under watch, as its frames call it. */
const FILE = '/srv/app/orders.js';

const forgetByAcquire = compileProgram<(pool: HoldfastPool) => Promise<PoolClient>>(
  FILE,
  'async function forgetByAcquire(pool) { return await pool.acquire(); }',
);
const forgetByConnect = compileProgram<(pool: HoldfastPool) => Promise<PoolClient>>(
  FILE,
  'async function forgetByConnect(pool) { return await pool.connect(); }',
);
const forgetByCallback = compileProgram<(pool: HoldfastPool, done: (release: () => void) => void) => void>(
  FILE,
  'function forgetByCallback(pool, done) { pool.connect((_error, _client, release) => done(release)); }',
);

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
        site: expect.stringMatching(new RegExp(`^ +at ${name} \\(${FILE}:1:`)),
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
          site: expect.stringContaining(`at forgetByAcquire (${FILE}:1:`),
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

  it('names the program first, behind the many frames of TypeORM, and who called it next', async () => {
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
      const showNote = compileProgram<(notes: Repository<{ id: number }>) => Promise<void>>(
        '/srv/app/routes.js',
        `async function showNote(notes) {
           const findLate = async () => { await notes.findOneBy({ id: 1 }); };
           await findLate();
         }`,
      );
      const found = showNote(dataSource.getRepository(Note));
      await until(() => leaks.some(({ site }) => site.includes('findLate')));
      const [nearest, next] = leaks.find(({ site }) => site.includes('findLate'))?.site.split('\n') ?? [];
      expect(nearest).toMatch(/^ +at findLate \(\/srv\/app\/routes\.js:2:/);
      expect(next).toMatch(/^ +at showNote \(\/srv\/app\/routes\.js:3:/);
      await blocker.rollbackTransaction();
      await found;
    } finally {
      await blocker.release();
      await closeDataSource(dataSource);
    }
  });

  it('names the program behind a unit of work and its policies', async () => {
    await using source = await openSource(database.url, { leakMs: LEAK_MS });
    const leaks: Leak[] = [];
    readEvents(source.dataSource).on('leak', (leak) => leaks.push(leak));
    const unitOfWork = createUnitOfWork(source.dataSource, { policies: [bulkhead({ maxConcurrent: 1 })] });
    const placeOrder = compileProgram<(unit: UnitOfWork, work: () => Promise<void>) => Promise<void>>(
      FILE,
      'function placeOrder(unit, work) { return unit.run(work); }',
    );
    await placeOrder(unitOfWork, () => until(() => leaks.length > 0));
    expect(leaks[0]?.site).toMatch(/^ +at placeOrder \(\/srv\/app\/orders\.js:1:/);
  });

  it('notes no stack for a connection that is taken away before it could be a leak', async () => {
    await using opened = await openManager(database.url, { leakMs: 60_000 });
    const captured = jest.spyOn(Error, 'captureStackTrace');
    try {
      const countCaptures = async (deadline: number): Promise<number> => {
        captured.mockClear();
        await opened.manager.withConnection(() => 1, { deadline });
        return captured.mock.calls.length;
      };
      expect(await countCaptures(50_000)).toBe(0);
      expect(await countCaptures(58_000)).toBe(1);
    } finally {
      captured.mockRestore();
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
