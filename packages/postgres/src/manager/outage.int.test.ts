import { openProxy, openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { fakeClock } from '@holdfast/resilience';
import { closeDataSource, openDataSource } from '../data-source/open-data-source';
import type { PoolSettings } from '../pool/pool-settings';
import {
  createPlainTransactions,
  createRecordingLogger,
  createTestDataSource,
  openManager,
} from '../test/manager';
import { rejection, until } from '../test/settings';
import { createConnectionManager } from './manager-registry';

/** Either a new connection is refused first, or an idle one is lost while it is looked at. */
const DOWN = /^(?:A database connection could not be opened|Database health check failed)$/;
const UP = 'Database health check recovered';
const IDLE = 'An idle database connection failed';

describe('a server that goes away', () => {
  let server: TemporaryServer;

  beforeAll(async () => {
    server = await openTemporaryServer();
  });

  afterAll(() => server?.stop());

  /** A manager whose interval never passes: what it logs, it logs without waiting for a health check. */
  async function openWatched(
    pool: Partial<PoolSettings>,
    {
      url = server.url,
      healthCheckIntervalMs = 30_000,
    }: { url?: string; healthCheckIntervalMs?: number } = {},
  ) {
    const clock = fakeClock();
    const { logger, lines, messages } = createRecordingLogger();
    const options = { clock, logger, healthCheckIntervalMs, environment: 'staging' };
    const opened = await openManager(url, { max: 3, ...pool }, options);
    const ask = () =>
      opened.manager.withConnection((runner) => runner.query('SELECT 1'), { deadline: 1_000 });
    const told = () => messages().filter((message) => message !== IDLE);
    return { ...opened, clock, lines, told, ask };
  }

  async function whileDown(work: () => Promise<void>): Promise<void> {
    await server.halt();
    try {
      await work();
    } finally {
      await server.resume();
    }
  }

  it.each([
    ['refills itself', 1],
    ['does not refill itself', 0],
  ])('is told at once by a pool that nobody uses and that %s, with the server and why', async (_, min) => {
    await using watched = await openWatched({ min });
    await watched.ask();
    await whileDown(() => until(() => watched.told().length > 0));
    expect(watched.lines.find(({ message }) => message !== IDLE)).toEqual({
      level: 'error',
      message: expect.stringMatching(DOWN),
      fields: {
        environment: 'staging',
        server: `127.0.0.1:${server.port}/${new URL(server.url).pathname.slice(1)}`,
        code: expect.stringMatching(/^DATABASE_(?:UNREACHABLE|NOT_READY)$/),
        causeCode: expect.stringMatching(/^(?:ECONNREFUSED|ECONNRESET|57P0\d|08006)$/),
      },
    });
  });

  it('is told once, however many requests fail, and when it is back with how long it was away', async () => {
    await using watched = await openWatched({ min: 0 });
    const { clock, ask, told, lines } = watched;
    for (let outage = 1; outage <= 2; outage += 1) {
      await ask();
      await whileDown(async () => {
        for (let count = 0; count < 3; count += 1) await rejection(Promise.all([ask(), ask(), ask()]));
        expect(told().slice(2 * outage - 2)).toEqual([expect.stringMatching(DOWN)]);
        await clock.advance(7_000);
      });
      await until(() =>
        ask().then(
          () => true,
          () => false,
        ),
      );
      await until(() => told().length === 2 * outage);
      await clock.advance(30_000);
    }
    const down = expect.stringMatching(DOWN);
    expect(told()).toEqual([down, UP, down, UP]);
    const recovered = lines.filter(({ message }) => message === UP);
    for (const { level, fields } of recovered) {
      expect([level, fields]).toEqual(['info', expect.objectContaining({ durationMs: 7_000 })]);
    }
  });

  it('is told by nobody but its callers where there is no health check (control)', async () => {
    await using watched = await openWatched({ min: 1 }, { healthCheckIntervalMs: 0 });
    await watched.ask();
    await whileDown(async () => {
      for (let count = 0; count < 3; count += 1) await rejection(watched.ask());
    });
    expect(watched.told()).toEqual([]);
  });

  it('is not taken for gone because a DataSource closes while a connection is being opened', async () => {
    await using proxy = await openProxy(server);
    await using watched = await openWatched({ min: 0 }, { url: proxy.urlThrough(server.url) });
    const { dataSource, manager, told } = watched;
    await manager.withConnection(async () => {
      proxy.freeze();
      const waiting = rejection(manager.withConnection(() => 1));
      await until(() => manager.getPoolStats().total === 2);
      const closed = closeDataSource(dataSource);
      expect(await waiting).toMatchObject({ code: 'POOL_CLOSED' });
      proxy.cut();
      await closed;
    });
    expect(told()).toEqual([]);
  });

  it('is left to whoever opens the DataSource as long as that is not open', async () => {
    const { logger, lines } = createRecordingLogger();
    const dataSource = createTestDataSource(server.url, { acquireMs: 100 });
    const transactions = createPlainTransactions(dataSource);
    await using manager = createConnectionManager(dataSource, { transactions, logger });
    let failures = 0;
    manager.on('connectFailed', () => {
      failures += 1;
    });
    await whileDown(async () => {
      await rejection(openDataSource(dataSource, { attempts: 2 }));
    });
    expect(failures).toBeGreaterThanOrEqual(2);
    expect(lines).toEqual([]);
  });
});
