import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { fakeClock } from '@holdfast/resilience';
import type { QueryRunner } from 'typeorm';
import { openDataSource } from '../data-source/open-data-source';
import type { PoolSettings } from '../pool/pool-settings';
import {
  createPlainTransactions,
  createRecordingLogger,
  createTestDataSource,
  openManager,
} from '../test/manager';
import { until } from '../test/settings';
import type { ConnectionManagerOptions } from './manager-options';
import { createConnectionManager } from './manager-registry';

const NEAR = 'Connection pool near capacity';
const PRESSURE = 'Connection pool under pressure';
const NEAR_OVER = 'Connection pool no longer near capacity';
const PRESSURE_OVER = 'Connection pool no longer under pressure';

describe('the alerts of a pool', () => {
  let server: TemporaryServer;

  beforeAll(async () => {
    server = await openTemporaryServer();
  });

  afterAll(() => server?.stop());

  async function openWatched(
    pool: Partial<PoolSettings>,
    options: Partial<Omit<ConnectionManagerOptions, 'transactions'>> = {},
  ) {
    const clock = fakeClock();
    const { logger, lines, messages } = createRecordingLogger();
    const opened = await openManager(server.url, pool, { clock, logger, environment: 'test', ...options });
    const { manager } = opened;
    /** Takes connections, and returns what gives the oldest so many back. */
    const hold = async (count: number) => {
      const held: (() => void)[] = [];
      const over: Promise<void>[] = [];
      const got = Array.from({ length: count }, () => {
        return new Promise<void>((resolve) => {
          const work = (): Promise<void> => {
            resolve();
            return new Promise((release) => held.push(release));
          };
          over.push(manager.withConnection(work));
        });
      });
      await Promise.all(got);
      return async () => {
        for (const release of held) release();
        await Promise.all(over);
        await settle();
      };
    };
    return { ...opened, clock, lines, messages, hold };
  }

  /** Whatever the pool has to announce has been looked at. */
  async function settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Whole milliseconds of fake time; the steps are as short as the looks. */
  async function pass(clock: ReturnType<typeof fakeClock>, durationMs: number): Promise<void> {
    for (let left = durationMs; left > 0; left -= 500) await clock.advance(Math.min(500, left));
  }

  it('are not raised below nine tenths of the maximum', async () => {
    await using watched = await openWatched({ max: 10 });
    const { hold, clock, messages, manager } = watched;
    const release = await hold(8);
    await pass(clock, 120_000);
    expect(manager.getPoolStats()).toMatchObject({ used: 8, utilization: 0.8 });
    await release();
    expect(messages()).toEqual([]);
  });

  it('say "near capacity" at nine tenths, at once, once in an episode, and once again in the next', async () => {
    await using watched = await openWatched({ max: 10 });
    const { hold, clock, lines, messages } = watched;
    let release = await hold(9);
    await settle();
    expect(lines).toEqual([
      {
        level: 'warn',
        message: NEAR,
        fields: {
          environment: 'test',
          used: 9,
          free: 0,
          total: 9,
          waiting: 0,
          min: 0,
          max: 10,
          utilization: 0.9,
        },
      },
    ]);
    await pass(clock, 300_000);
    const releaseTenth = await hold(1);
    await pass(clock, 300_000);
    expect(messages()).toEqual([NEAR]);

    await releaseTenth();
    await release();
    await pass(clock, 29_000);
    expect(messages()).toEqual([NEAR]);
    await pass(clock, 2_000);
    expect(messages()).toEqual([NEAR, NEAR_OVER]);
    expect(lines[1]).toMatchObject({ level: 'info', fields: { used: 0, durationMs: 600_000, peak: 10 } });

    release = await hold(9);
    await pass(clock, 60_000);
    await release();
    await pass(clock, 60_000);
    expect(messages()).toEqual([NEAR, NEAR_OVER, NEAR, NEAR_OVER]);
    expect(lines[3]).toMatchObject({ fields: { durationMs: 60_000, peak: 9 } });
  });

  it('are one episode however often the pool crosses the edge', async () => {
    await using watched = await openWatched({ max: 10 });
    const { hold, clock, messages } = watched;
    const release = await hold(8);
    for (let crossing = 0; crossing < 50; crossing += 1) {
      const releaseNinth = await hold(1);
      await settle();
      await releaseNinth();
      await pass(clock, 5_000);
    }
    expect(messages()).toEqual([NEAR]);
    await release();
  });

  it('say "under pressure" while callers wait, though no connection moves and no health check runs', async () => {
    await using watched = await openWatched({ max: 2 });
    const { hold, clock, lines, messages, manager } = watched;
    const release = await hold(2);
    await settle();
    const waiting = [manager.withConnection(() => 1), manager.withConnection(() => 2)];
    await pass(clock, 1_000);
    expect(messages()).toEqual([NEAR, PRESSURE]);
    expect(lines[1]).toMatchObject({
      level: 'warn',
      fields: { environment: 'test', used: 2, free: 0, total: 2, waiting: 2, max: 2, utilization: 1 },
    });
    await pass(clock, 300_000);
    expect(messages()).toEqual([NEAR, PRESSURE]);

    await release();
    expect(await Promise.all(waiting)).toEqual([1, 2]);
    await pass(clock, 31_000);
    expect(messages().slice(2).sort()).toEqual([NEAR_OVER, PRESSURE_OVER]);
    const ended = lines.find(({ message }) => message === PRESSURE_OVER);
    expect(ended).toMatchObject({ level: 'info', fields: { waiting: 0, durationMs: 300_000, peak: 2 } });
  });

  it('say so at once, without any passing of time, when connections move', async () => {
    await using watched = await openWatched({ min: 2, max: 2 });
    const { messages, manager } = watched;
    // One that is still being opened might come when all is over.
    await until(() => manager.getPoolStats().free === 2);
    const query = (runner: QueryRunner): Promise<unknown> => runner.query('SELECT 1');
    await Promise.all(Array.from({ length: 50 }, () => manager.withConnection(query)));
    expect(messages().sort()).toEqual([NEAR, PRESSURE]);
  });

  it('do not take a caller who gets an idle connection for one who waits', async () => {
    await using watched = await openWatched({ max: 1 });
    const { messages, manager, clock } = watched;
    for (let turn = 0; turn < 200; turn += 1)
      await manager.withConnection((runner) => runner.query('SELECT 1'));
    await pass(clock, 60_000);
    expect(messages()).toEqual([NEAR, NEAR_OVER]);
  });

  it('do not take callers for whom a connection is being opened for ones who wait', async () => {
    await using watched = await openWatched({ max: 10 });
    const { hold, messages } = watched;
    const release = await hold(8);
    await release();
    expect(messages()).toEqual([]);
  });

  it('are not raised by the health check itself', async () => {
    await using watched = await openWatched({ max: 1 }, { healthCheckIntervalMs: 30_000 });
    const { clock, messages, manager } = watched;
    for (let check = 0; check < 5; check += 1) {
      const checked = new Promise<void>((resolve) => {
        const leave = manager.on('health', () => {
          leave();
          resolve();
        });
      });
      await clock.advance(30_000);
      await checked;
      await settle();
    }
    expect(manager.health).toMatchObject({ ok: true });
    expect(messages()).toEqual([]);
  });

  it('are told to listeners as well, with their beginning and their end', async () => {
    await using watched = await openWatched({ max: 1 }, { calmMs: 2_000 });
    const { hold, clock, manager } = watched;
    const told: unknown[] = [];
    manager.on('alert', ({ kind, stats, ended }) => told.push([kind, stats.used, ended]));
    const release = await hold(1);
    await pass(clock, 1_000);
    await release();
    await pass(clock, 3_000);
    expect(told).toEqual([
      ['near-capacity', 1, undefined],
      ['near-capacity', 0, { durationMs: 1_000, peak: 1 }],
    ]);
  });

  it('begin at the share that is asked for', async () => {
    await using watched = await openWatched({ max: 10 }, { nearCapacityRatio: 0.5 });
    const { hold, messages } = watched;
    const releaseFour = await hold(4);
    await settle();
    expect(messages()).toEqual([]);
    const releaseFifth = await hold(1);
    await settle();
    expect(messages()).toEqual([NEAR]);
    await releaseFifth();
    await releaseFour();
  });

  it('set no timer once all is calm', async () => {
    const { clock, hold, manager } = await openWatched({ max: 1 }, { calmMs: 2_000 });
    const scheduled = jest.spyOn(clock, 'schedule');
    const release = await hold(1);
    await pass(clock, 1_000);
    await release();
    await pass(clock, 5_000);
    const untilCalm = scheduled.mock.calls.length;
    await pass(clock, 60_000);
    expect(scheduled).toHaveBeenCalledTimes(untilCalm);
    await manager.close();
  });

  it('are looked for by the health check as well, where the pool filled up unheard', async () => {
    const clock = fakeClock();
    const { logger, messages } = createRecordingLogger();
    const dataSource = await openDataSource(createTestDataSource(server.url, { max: 1 }));
    const runner = dataSource.createQueryRunner();
    await runner.connect();
    const transactions = createPlainTransactions(dataSource);
    await using manager = createConnectionManager(dataSource, { transactions, clock, logger });
    const waiting = manager.withConnection(() => 1);
    await settle();
    expect(messages()).toEqual([]);
    await clock.advance(30_000);
    expect(messages()).toEqual([NEAR, PRESSURE]);
    await runner.release();
    expect(await waiting).toBe(1);
  });

  it('survive a logger that throws', async () => {
    const fail = () => {
      throw new Error('the log is full');
    };
    const logger = { debug: fail, info: fail, warn: fail, error: fail };
    await using watched = await openWatched({ max: 1 }, { calmMs: 2_000, logger });
    const { hold, clock, manager } = watched;
    const release = await hold(1);
    await settle();
    await release();
    await pass(clock, 5_000);
    await until(() => manager.getPoolStats().used === 0);
  });
});
