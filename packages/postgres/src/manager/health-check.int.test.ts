import { openProxy, openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { fakeClock } from '@holdfast/resilience';
import { closeDataSource, openDataSource } from '../data-source/open-data-source';
import {
  createPlainTransactions,
  createRecordingLogger,
  createTestDataSource,
  openManager,
} from '../test/manager';
import { until } from '../test/settings';
import type { ConnectionManager } from './connection-manager';
import { createConnectionManager } from './manager-registry';

const FAILED = 'Database health check failed';
const RECOVERED = 'Database health check recovered';

describe('the health check', () => {
  let server: TemporaryServer;

  beforeAll(async () => {
    server = await openTemporaryServer();
  });

  afterAll(() => server?.stop());

  function openWatched(url: string, max = 2) {
    const clock = fakeClock();
    const { logger, lines, messages } = createRecordingLogger();
    const options = { clock, logger, healthCheckIntervalMs: 30_000, healthCheckTimeoutMs: 100 };
    return openManager(url, { max, createMs: 5_000, destroyMs: 50 }, options).then((opened) => {
      const check = () => checkOnce(opened.manager, () => clock.advance(30_000));
      return { ...opened, clock, lines, messages, check };
    });
  }

  /** Brings the next check about and waits for its end. */
  async function checkOnce(manager: Pick<ConnectionManager, 'on'>, begin: () => Promise<void>) {
    const ended = new Promise((resolve) => {
      const leave = manager.on('health', (health) => {
        leave();
        resolve(health);
      });
    });
    await begin();
    return ended;
  }

  it('runs at its interval, tells the last result, and logs nothing while all is well', async () => {
    await using watched = await openWatched(server.url);
    const { manager, clock, check, lines } = watched;
    expect(manager.health).toBeUndefined();
    await clock.advance(29_999);
    expect(manager.health).toBeUndefined();
    await checkOnce(manager, () => clock.advance(1));
    expect(manager.health).toEqual({
      ok: true,
      latencyMs: expect.any(Number),
      serverVersion: expect.any(String),
      isPrimary: true,
      checkedAtMs: expect.any(Number),
    });
    for (let count = 0; count < 5; count += 1) expect(await check()).toEqual(manager.health);
    expect(lines).toEqual([]);
  });

  it('logs one line when the server is silent and one when it answers, however many checks there are', async () => {
    await using proxy = await openProxy({ port: server.port });
    await using watched = await openWatched(proxy.urlThrough(server.url));
    const { manager, check, lines, messages } = watched;
    expect(await check()).toMatchObject({ ok: true });
    for (let outage = 1; outage <= 2; outage += 1) {
      proxy.freeze();
      for (let count = 0; count < 5; count += 1) expect(await check()).toMatchObject({ ok: false });
      proxy.thaw();
      await until(async () => (await manager.testConnection()).ok);
      for (let count = 0; count < 3; count += 1) expect(await check()).toMatchObject({ ok: true });
    }
    expect(messages()).toEqual([FAILED, RECOVERED, FAILED, RECOVERED]);
    const failure = lines.find(({ message }) => message === FAILED);
    expect(failure).toEqual({
      level: 'error',
      message: FAILED,
      fields: {
        environment: 'default',
        server: expect.stringContaining(`127.0.0.1:${proxy.port}/`),
        code: 'PROBE_TIMEOUT',
        stage: expect.stringMatching(/^(?:answer|acquire)$/),
      },
    });
    const recovered = lines.find(({ message }) => message === RECOVERED);
    expect(recovered).toMatchObject({
      level: 'info',
      fields: { environment: 'default', failedChecks: 5, latencyMs: expect.any(Number) },
    });
    // The first connection that is opened again may be looked at before the next check is due.
    expect([120_000, 150_000]).toContain(recovered?.fields.durationMs);
  });

  it('logs the code of each idle connection that failed, once, and no message', async () => {
    const { logger, lines } = createRecordingLogger();
    await using opened = await openManager(server.url, { max: 3, min: 3 }, { logger });
    const { manager } = opened;
    await until(() => manager.getPoolStats().free === 3);
    await server.halt();
    try {
      await until(() => lines.length >= 3);
    } finally {
      await server.resume();
    }
    expect(lines).toEqual(
      Array.from({ length: 3 }, () => ({
        level: 'warn',
        message: 'An idle database connection failed',
        fields: { environment: 'default', pool: 'primary', code: '57P01' },
      })),
    );
  });

  it('logs nothing more of a manager that is closed', async () => {
    const first = createRecordingLogger();
    const second = createRecordingLogger();
    const { dataSource, manager } = await openManager(server.url, { max: 1 }, { logger: first.logger });
    await manager.close();
    const transactions = createPlainTransactions(dataSource);
    const options = { transactions, logger: second.logger, healthCheckIntervalMs: 0, nearCapacityRatio: 1 };
    await using successor = createConnectionManager(dataSource, options);
    await openDataSource(dataSource);
    await until(() => successor.getPoolStats().free === 1);
    await server.halt();
    try {
      await until(() => second.messages().includes('An idle database connection failed'));
    } finally {
      await server.resume();
    }
    expect(first.lines).toEqual([]);
  });

  it('leaves idle connections to the logger of the DataSource, when that has one', async () => {
    const own = createRecordingLogger();
    const inherited = createRecordingLogger();
    const dataSource = createTestDataSource(server.url, { max: 1 }, inherited.logger);
    const transactions = createPlainTransactions(dataSource);
    const { logger } = own;
    await using manager = createConnectionManager(dataSource, {
      transactions,
      logger,
      healthCheckIntervalMs: 0,
    });
    await dataSource.initialize();
    await until(() => manager.getPoolStats().free === 1);
    await server.halt();
    try {
      await until(() => manager.getPoolStats().total === 0);
    } finally {
      await server.resume();
    }
    expect(inherited.messages()).toEqual(['An idle database connection failed']);
    expect(own.messages()).not.toContain('An idle database connection failed');
  });

  it('writes to the logger of the DataSource when it has none of its own', async () => {
    const { logger, messages } = createRecordingLogger();
    const dataSource = createTestDataSource(server.url, { max: 1 }, logger);
    const transactions = createPlainTransactions(dataSource);
    await using manager = createConnectionManager(dataSource, { transactions, healthCheckIntervalMs: 0 });
    await dataSource.initialize();
    await manager.withConnection(() => new Promise((resolve) => setImmediate(() => setImmediate(resolve))));
    expect(messages()).toEqual(['Connection pool near capacity']);
  });

  it('does not overlap, however long one takes', async () => {
    await using proxy = await openProxy({ port: server.port });
    const clock = fakeClock();
    const options = { clock, healthCheckIntervalMs: 1_000, healthCheckTimeoutMs: 60_000 };
    await using opened = await openManager(proxy.urlThrough(server.url), { max: 10 }, options);
    const { manager } = opened;
    await checkOnce(manager, () => clock.advance(1_000));
    proxy.freeze();
    for (let count = 0; count < 50; count += 1) await clock.advance(1_000);
    const { used, waiting } = manager.getPoolStats();
    expect(used + waiting).toBe(1);
    await checkOnce(manager, async () => proxy.thaw());
    expect(manager.health).toMatchObject({ ok: true });
    await checkOnce(manager, () => clock.advance(1_000));
  });

  it('says whether the server was silent or no connection was free', async () => {
    await using watched = await openWatched(server.url, 1);
    const { manager, check, lines } = watched;
    await manager.withConnection(() => check());
    expect(lines.find(({ message }) => message === FAILED)).toMatchObject({
      fields: { code: 'PROBE_TIMEOUT', stage: 'acquire', causeCode: 'POOL_EXHAUSTED' },
    });
  });

  it('does not take a DataSource that is not open for a failure', async () => {
    const clock = fakeClock();
    const { logger, lines } = createRecordingLogger();
    const dataSource = createTestDataSource(server.url);
    const transactions = createPlainTransactions(dataSource);
    await using manager = createConnectionManager(dataSource, { transactions, clock, logger });
    await clock.advance(90_000);
    expect([manager.health, lines]).toEqual([undefined, []]);
    await dataSource.initialize();
    await checkOnce(manager, () => clock.advance(30_000));
    expect(manager.health).toMatchObject({ ok: true });
    await closeDataSource(dataSource);
    await clock.advance(30_000);
    expect([manager.health, lines]).toEqual([undefined, []]);
  });

  it('may be switched off', async () => {
    const clock = fakeClock();
    await using opened = await openManager(server.url, {}, { clock, healthCheckIntervalMs: 0 });
    const { manager } = opened;
    await clock.advance(600_000);
    expect([manager.health, manager.getPoolStats().used]).toEqual([undefined, 0]);
  });
});
