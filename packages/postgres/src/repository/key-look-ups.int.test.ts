import { setTimeout as sleep } from 'node:timers/promises';
import { openProxy, openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { readPhase } from '@holdfast/resilience/postgres';
import { QueryFailedError } from 'typeorm';
import { findPool, readEvents } from '../data-source/pool-registry';
import { readPoolStats } from '../data-source/read-pool-stats';
import { Item, openItems } from '../test/items';
import { rejection, settle, until } from '../test/settings';
import { addSubscriber } from '../test/subscribers';
import { withClient } from '../test/transfers';
import { createRepository } from './repository';

/** Its row 5 cannot be read. */
const STAGE = `
  DROP VIEW IF EXISTS item; DROP TABLE IF EXISTS stored;
  CREATE TABLE stored (id integer PRIMARY KEY, size integer NOT NULL);
  INSERT INTO stored SELECT n, n * 10 FROM generate_series(1, 20) AS n;
  CREATE VIEW item AS
    SELECT id, CASE WHEN id = 5 THEN 1 / (id - 5) ELSE size END AS size, ''::text AS label, ''::text AS lower,
      CASE WHEN id = 6 THEN now() END AS "deletedAt"
    FROM stored`;

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
});
afterAll(() => server?.stop());
beforeEach(() => withClient(server.url, (client) => client.query(STAGE)));

/** A repository whose connection has prepared the look-up. */
async function openWarm(url = server.url, max = 1) {
  const source = await openItems(url, { max });
  const items = createRepository(source.dataSource, Item);
  for (let use = 0; use < 3; use += 1) await items.findById(1);
  const counts: (number | undefined)[] = [];
  readEvents(source.dataSource).on('operation', ({ rowCount }) => counts.push(rowCount));
  const ask = (ids: readonly number[]) => Promise.all(ids.map((id) => settle(items.findById(id))));
  return { ...source, items, counts, ask };
}

describe('look-ups of a repository by id', () => {
  it('of one turn share a statement, eight at most, and each finds its own', async () => {
    await using warm = await openWarm();
    const ids = [1, 2, 99, 2, 3, 4, 7, 8, 9, 10];
    const found = await Promise.all(ids.map((id) => warm.items.findById(id)));
    expect(found.map((item) => item?.size)).toEqual([10, 20, undefined, 20, 30, 40, 70, 80, 90, 100]);
    expect(found[2]).toBeNull();
    expect(found[0]).toBeInstanceOf(Item);
    expect(found[1]).not.toBe(found[3]);
    expect(warm.counts).toEqual([7, 2]);
  });

  it('are one write under one Sync, whichever repository of the entity is asked', async () => {
    await using proxy = await openProxy(server);
    await using warm = await openWarm(proxy.urlThrough(server.url));
    const sent: string[] = [];
    proxy.onMessage(({ direction, type }) => {
      if (direction === 'frontend') sent.push(type);
    });
    await Promise.all([warm.items.findById(1), createRepository(warm.dataSource, Item).findById(2)]);
    expect(sent.join('')).toBe('BEBES');
  });

  it('keep those apart that want soft-deleted rows', async () => {
    await using warm = await openWarm();
    const found = await Promise.all([
      warm.items.findById(6),
      warm.items.findById(6, { withDeleted: true }),
      warm.items.findById(1),
    ]);
    expect(found.map((item) => item?.id)).toEqual([undefined, 6, 1]);
  });

  it('are together by the time that a connection is free', async () => {
    await using warm = await openWarm();
    const lent = await findPool(warm.dataSource)?.acquire();
    const first = warm.items.findById(1);
    await new Promise((resolve) => setImmediate(resolve));
    const others = [2, 3].map((id) => warm.items.findById(id));
    await until(() => readPoolStats(warm.dataSource).waiting === 1);
    lent?.release();
    expect((await Promise.all([first, ...others])).map((item) => item?.id)).toEqual([1, 2, 3]);
    expect(warm.counts).toEqual([3]);
  });

  it('fail each by itself: those before and behind are answered', async () => {
    await using warm = await openWarm();
    const answers = await warm.ask([1, 5, 2, 5, 3]);
    expect(answers.map((answer) => answer === 'done')).toEqual([true, false, true, false, true]);
    expect(answers[1]).toBeInstanceOf(QueryFailedError);
    expect(answers[1]).toMatchObject({ driverError: { code: '22012' }, parameters: [] });
    expect(readPoolStats(warm.dataSource)).toMatchObject({ total: 1, used: 0 });
  });

  it('go each on a connection of its own, where none has prepared them yet', async () => {
    await using source = await openItems(server.url, { max: 3 });
    const items = createRepository(source.dataSource, Item);
    const found = await Promise.all([1, 2, 3].map((id) => items.findById(id)));
    expect(found.map((item) => item?.size)).toEqual([10, 20, 30]);
    expect(readPoolStats(source.dataSource)).toMatchObject({ used: 0, waiting: 0 });
  });

  it('are all refused where no connection comes, and those that come later are not', async () => {
    await using source = await openItems(server.url, { max: 1, acquireMs: 50 });
    const items = createRepository(source.dataSource, Item);
    const lent = await findPool(source.dataSource)?.acquire();
    const answers = await Promise.all([1, 2].map((id) => rejection(items.findById(id))));
    expect(answers.map((error) => [error.name, readPhase(error)])).toEqual([
      ['PoolExhaustedError', 'acquire'],
      ['PoolExhaustedError', 'acquire'],
    ]);
    lent?.release();
    expect(await items.findById(1)).toMatchObject({ size: 10 });
  });

  it('wait each as long as the pool says, also where those that they have joined are refused', async () => {
    const acquireMs = 1_000;
    await using source = await openItems(server.url, { max: 1, acquireMs });
    const items = createRepository(source.dataSource, Item);
    const lent = await findPool(source.dataSource)?.acquire();
    const first = rejection(items.findById(1));
    await sleep(acquireMs / 4);
    const joinedAtMs = performance.now();
    const second = rejection(items.findById(2)).then((error) => ({ error, atMs: performance.now() }));
    await sleep(acquireMs / 4);
    const third = items.findById(3);
    expect((await first).name).toBe('PoolExhaustedError');
    const { error, atMs } = await second;
    expect(error.name).toBe('PoolExhaustedError');
    // Timers are early by less than a millisecond.
    expect(atMs - joinedAtMs).toBeGreaterThan(acquireMs - 2);
    lent?.release();
    expect(await third).toMatchObject({ size: 30 });
  });

  it('keep their place in line where those that they have joined are refused', async () => {
    const acquireMs = 1_000;
    await using source = await openItems(server.url, { max: 1, acquireMs });
    const items = createRepository(source.dataSource, Item);
    const pool = findPool(source.dataSource);
    const lent = await pool?.acquire();
    const waited: number[] = [];
    readEvents(source.dataSource).on('acquire', ({ waitMs }) => waited.push(waitMs));
    const first = rejection(items.findById(1));
    await sleep(acquireMs / 4);
    const second = items.findById(2);
    await sleep(acquireMs / 4);
    const later = pool?.acquire();
    await first;
    lent?.release();
    // Who came later holds what it gets: it must not get it first.
    expect(await second).toMatchObject({ size: 20 });
    expect(waited[0]).toBeGreaterThan((acquireMs * 3) / 4 - 2);
    (await later)?.release();
  });

  it('all fail by the loss of their connection, as reads', async () => {
    await using warm = await openWarm();
    const [{ pid }] = await warm.dataSource.query('SELECT pg_backend_pid() AS pid');
    await using locked = await lockStored();
    const answers = Promise.all([1, 2].map((id) => rejection(warm.items.findById(id))));
    await until(() => locked.hasWaiter());
    await locked.terminate(pid);
    for (const error of await answers) {
      expect(error).toBeInstanceOf(QueryFailedError);
      expect(error).toMatchObject({ code: '57P01' });
    }
    await locked.end();
    expect(await warm.items.findById(1)).toMatchObject({ size: 10 });
  });

  it('in a transaction go out on its connection, and see what it has written', async () => {
    await using warm = await openWarm(server.url, 2);
    const found = await warm.dataSource.transaction(async (manager) => {
      await manager.query('UPDATE stored SET size = 11 WHERE id = 1');
      const items = createRepository(manager, Item);
      return Promise.all([items.findById(1), warm.items.findById(1)]);
    });
    expect(found.map((item) => item?.size)).toEqual([11, 10]);
  });

  it('are statements of their own, where a subscriber hears of each', async () => {
    await using warm = await openWarm();
    const heard: unknown[] = [];
    addSubscriber(warm.dataSource, { beforeQuery: ({ parameters }) => void heard.push(parameters) });
    await warm.ask([1, 2]);
    expect(heard).toEqual([['1'], ['2']]);
    expect(warm.counts).toEqual([1, 1]);
  });
});

/** Nobody can read the table until this ends. */
async function lockStored() {
  const { Client } = await import('pg');
  const client = new Client({ connectionString: server.url });
  await client.connect();
  await client.query('BEGIN');
  await client.query('LOCK TABLE stored');
  const count = async (text: string, values: unknown[] = []) =>
    (await client.query(text, values)).rowCount ?? 0;
  const end = async () => void (await client.query('ROLLBACK'));
  return {
    hasWaiter: async () => (await count('SELECT 1 FROM pg_locks WHERE NOT granted')) > 0,
    terminate: (pid: number) => count('SELECT pg_terminate_backend($1)', [pid]),
    end,
    [Symbol.asyncDispose]: () => client.end(),
  };
}
