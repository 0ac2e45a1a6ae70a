import { readPhase } from '@holdfast/resilience/postgres';
import { openPool, rejection } from '../test/settings';
import { openTestServer, type TestServer } from '../test/test-server';
import type { HoldfastPool } from './pool';
import { PoolExhaustedError } from './pool-error';

/** How long the pool has seen its connection being held, at least. */
const HELD_MS = 100;

describe('a caller that says how much time it has left', () => {
  let database: TestServer;

  beforeAll(async () => {
    database = await openTestServer();
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  /** A pool of one connection, which is taken, and whether it knows how long such a hold lasts. */
  async function openTakenPool({ isExperienced }: { readonly isExperienced: boolean }) {
    const pool = openPool(database.url, { max: 1 });
    const held = await pool.acquire();
    if (!isExperienced) return { pool, held };
    await held.query('SELECT pg_sleep($1)', [HELD_MS / 1000]);
    held.release();
    return { pool, held: await pool.acquire() };
  }

  /** The wait that is expected of a caller who has no time at all. */
  async function readExpectation(pool: HoldfastPool): Promise<number> {
    const error = await rejection(pool.acquire({ remainingMs: 0 }));
    return (error as PoolExhaustedError).expectedWaitMs ?? Number.NaN;
  }

  it('is refused at once when the wait is expected to be longer', async () => {
    const taken = await openTakenPool({ isExperienced: true });
    await using pool = taken.pool;
    const refusal = rejection(pool.acquire({ remainingMs: HELD_MS / 2 }));
    // Nothing has been awaited yet.
    expect(pool.stats.waiting).toBe(0);
    const error = await refusal;
    expect(error).toBeInstanceOf(PoolExhaustedError);
    expect(error).toMatchObject({ code: 'POOL_EXHAUSTED', used: 1, max: 1, waiting: 0 });
    expect((error as PoolExhaustedError).expectedWaitMs).toBeGreaterThanOrEqual(HELD_MS - 1);
    expect(readPhase(error)).toBe('acquire');
    taken.held.release();
  });

  it('counts those who wait before it', async () => {
    const taken = await openTakenPool({ isExperienced: true });
    await using pool = taken.pool;
    const alone = await readExpectation(pool);
    const ahead = [pool.acquire(), pool.acquire()];
    expect(await readExpectation(pool)).toBeCloseTo(3 * alone);
    taken.held.release();
    for (const client of ahead) (await client).release();
  });

  it('does not count those who gave up', async () => {
    const taken = await openTakenPool({ isExperienced: true });
    await using pool = taken.pool;
    const alone = await readExpectation(pool);
    const controller = new AbortController();
    const gone = rejection(pool.acquire({ signal: controller.signal }));
    expect(await readExpectation(pool)).toBeGreaterThan(alone);
    controller.abort();
    await gone;
    expect(await readExpectation(pool)).toBe(alone);
    taken.held.release();
  });

  it('waits when its time is enough', async () => {
    const taken = await openTakenPool({ isExperienced: true });
    await using pool = taken.pool;
    const waiting = pool.acquire({ remainingMs: 20_000 });
    expect(pool.stats.waiting).toBe(1);
    taken.held.release();
    (await waiting).release();
  });

  it('is not refused on a guess: nothing is known before a connection was given back', async () => {
    const taken = await openTakenPool({ isExperienced: false });
    await using pool = taken.pool;
    const refusal = rejection(pool.acquire({ remainingMs: 1 }));
    expect(pool.stats.waiting).toBe(1);
    expect(await refusal).toMatchObject({ code: 'POOL_EXHAUSTED', expectedWaitMs: undefined });
    taken.held.release();
  });

  it('is not refused when a connection is free or can be opened', async () => {
    const taken = await openTakenPool({ isExperienced: true });
    await using pool = taken.pool;
    taken.held.release();
    (await pool.acquire({ remainingMs: HELD_MS / 2 })).release();
  });

  it('may have all the time there is', async () => {
    const taken = await openTakenPool({ isExperienced: false });
    await using pool = taken.pool;
    const patient = pool.acquire({
      acquireMs: Number.POSITIVE_INFINITY,
      remainingMs: Number.POSITIVE_INFINITY,
    });
    await rejection(pool.acquire({ acquireMs: HELD_MS / 2 }));
    expect(pool.stats.waiting).toBe(1);
    taken.held.release();
    (await patient).release();
  });

  it('is refused no earlier than its deadline when it does not say so', async () => {
    const taken = await openTakenPool({ isExperienced: true });
    await using pool = taken.pool;
    const refusal = rejection(pool.acquire({ acquireMs: HELD_MS / 2 }));
    expect(pool.stats.waiting).toBe(1);
    expect(await refusal).toMatchObject({ code: 'POOL_EXHAUSTED', expectedWaitMs: undefined });
    taken.held.release();
  });
});
