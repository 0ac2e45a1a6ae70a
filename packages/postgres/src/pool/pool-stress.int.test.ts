import { performance } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { createPostgresEmitter } from '../events/postgres-events';
import { openPool, rejection, until } from '../test/settings';
import { openTestServer, type TestServer } from '../test/test-server';
import type { PoolStats } from './pool-stats';

const CALLERS = 500;
const ROUNDS = 3;
const MAX = 10;

/** What a caller does with its connection; most are well behaved. Each leaves it given back. */
const DEEDS: readonly ((client: PoolClient) => Promise<void>)[] = [
  async (client) => {
    await client.query('SELECT 1');
    client.release();
  },
  async (client) => {
    await client.query('BEGIN');
    await client.query('INSERT INTO deed VALUES (1)');
    await client.query('COMMIT');
    client.release();
  },
  async (client) => {
    await client.query('BEGIN');
    await client.query('INSERT INTO deed VALUES (2)');
    await client.query('ROLLBACK');
    client.release();
  },
  async (client) => {
    await rejection(client.query('SELECT 1/0'));
    client.release();
  },
];

/** Few do this: each costs a connection. */
const MISDEEDS: typeof DEEDS = [
  async (client) => client.release(new Error('broken, says its caller')),
  async (client) => {
    await client.query('BEGIN');
    client.release();
  },
];

function chooseDeed(turnOfCaller: number) {
  const list = turnOfCaller % 41 === 0 ? MISDEEDS : DEEDS;
  return list[turnOfCaller % list.length] as (typeof DEEDS)[number];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

describe('the pool under 500 callers', () => {
  let database: TestServer;

  beforeAll(async () => {
    database = await openTestServer();
    await database.admin.query('CREATE TABLE deed (kind int)');
  });

  afterAll(() => database?.[Symbol.asyncDispose]());

  it('lets nobody starve, loses no connection, and counts right at every moment', async () => {
    const events = createPostgresEmitter();
    let [acquired, released] = [0, 0];
    events.on('acquire', () => {
      acquired += 1;
    });
    events.on('release', () => {
      released += 1;
    });
    // The table is in the database of the administrator.
    await using pool = openPool(database.server.adminUrl, { max: MAX }, { events });

    let unanswered = 0;
    const waitsMs: number[] = [];
    const acquire = async (): Promise<PoolClient> => {
      const startedMs = performance.now();
      unanswered += 1;
      const client = await pool.acquire();
      unanswered -= 1;
      waitsMs.push(performance.now() - startedMs);
      return client;
    };

    const samples: (PoolStats & { readonly unanswered: number })[] = [];
    let isOver = false;
    const watch = async () => {
      while (!isOver) {
        samples.push({ ...pool.stats, unanswered });
        await turn();
      }
    };
    const watching = watch();
    await Promise.all(
      Array.from({ length: CALLERS }, async (_, caller) => {
        for (let round = 0; round < ROUNDS; round += 1) {
          await chooseDeed(caller + round * CALLERS)(await acquire());
        }
      }),
    );
    isOver = true;
    await watching;

    // Whoever comes while all the others wait is served after them: all waits are about as long as the queue takes, except
    // for those who came first. Anything but first come, first served makes some wait for many times as long as most.
    expect(waitsMs).toHaveLength(CALLERS * ROUNDS);
    expect(Math.max(...waitsMs) / median(waitsMs)).toBeLessThanOrEqual(3);

    expect(samples.length).toBeGreaterThan(100);
    const wrong = samples.filter(
      ({ used, free, total, waiting, unanswered }) =>
        used + free > total || total > MAX || waiting !== unanswered,
    );
    expect(wrong).toEqual([]);
    expect(Math.max(...samples.map(({ waiting }) => waiting))).toBe(CALLERS);

    expect([acquired, released]).toEqual([CALLERS * ROUNDS, CALLERS * ROUNDS]);
    const { used, waiting, free, total } = pool.stats;
    expect({ used, waiting, lost: total - free }).toEqual({ used: 0, waiting: 0, lost: 0 });
    await until(async () => (await database.countBackends()) <= MAX);
    const { rows } = await pool.query(
      'SELECT count(*)::int AS kept, count(DISTINCT kind)::int AS kinds FROM deed',
    );
    const kept = Array.from({ length: CALLERS * ROUNDS }, (_, deed) => chooseDeed(deed)).filter(
      (deed) => deed === DEEDS[1],
    ).length;
    expect(rows).toEqual([{ kept, kinds: 1 }]);
  });
});
