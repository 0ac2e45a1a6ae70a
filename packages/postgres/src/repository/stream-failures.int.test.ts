import {
  isPgBouncerInstalled,
  openPgBouncer,
  openTemporaryServer,
  type TemporaryServer,
} from '@holdfast/local-postgres';
import { transactionRetry } from '@holdfast/resilience/postgres';
import { Client } from 'pg';
import { Item, openItems } from '../test/items';
import {
  ALL,
  collect,
  countTransactions,
  idsOf,
  openTenant,
  order,
  ROWS,
  resetItems,
} from '../test/numbered-items';
import { rejection, until } from '../test/settings';
import { openTcpProxy } from '../test/tcp-proxy';
import { withClient } from '../test/transfers';
import { createRepository } from './repository';

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
});
afterAll(() => server?.stop());
beforeEach(() => resetItems(server.url));

describe('what happens to a stream', () => {
  it.each([
    ['is not repeated once its first rows were handed out', 3, 1],
    ['is repeated before, as any other read', ROWS, 3],
  ])('%s', async (_when, batchSize, calls) => {
    await withClient(server.url, (client) =>
      client.query(`
        CREATE OR REPLACE FUNCTION can_be_read(id integer) RETURNS boolean LANGUAGE plpgsql AS $$
        BEGIN
          IF id = 8 THEN RAISE EXCEPTION 'conflict' USING ERRCODE = 'serialization_failure'; END IF;
          RETURN true;
        END $$`),
    );
    await using source = await openItems(await openTenant(server.url, 'can_be_read(id)'), { max: 1 });
    const items = createRepository(source.dataSource, Item);
    const seen: number[] = [];
    let called = 0;
    const retry = transactionRetry({ maxAttempts: 3, baseDelayMs: 1 });
    const work = retry.execute(async () => {
      called += 1;
      for await (const { id } of items.stream({ batchSize })) seen.push(id);
    });
    const error = await rejection(work);
    expect(calls === 1 ? error : error.cause).toMatchObject({
      name: 'QueryFailedError',
      driverError: { code: '40001' },
    });
    expect(called).toBe(calls);
    expect(seen).toEqual(calls === 1 ? [1, 2, 3, 4, 5, 6] : []);
    expect(await source.dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('leaves no transaction behind when the server says late that it is ready again', async () => {
    const READY_BYTES = 6;
    await using proxy = await openTcpProxy(server, (client, target) => {
      client.pipe(target);
      target.on('data', (chunk) => {
        client.write(chunk.subarray(0, -READY_BYTES));
        setTimeout(() => client.write(chunk.subarray(-READY_BYTES)), 20);
      });
    });
    await using source = await openItems(proxy.urlThrough(server.url), { max: 1 });
    const items = createRepository(source.dataSource, Item);
    expect(await rejection(collect(items.stream({ where: { size: 'none' } })))).toMatchObject({
      driverError: { code: '22P02' },
    });
    expect(await items.find()).toHaveLength(ROWS);
  });

  it('is heard of once, by those who hear of statements', async () => {
    const logged: string[] = [];
    const logger = Object.fromEntries(
      ['logQueryError', 'logQuerySlow', 'logSchemaBuild', 'logMigration', 'log'].map((name) => [
        name,
        () => {},
      ]),
    );
    Object.assign(logger, { logQuery: (text: string) => logged.push(text) });
    await using source = await openItems(server.url, {}, { typeorm: { logger: logger as never } });
    const answers: unknown[] = [];
    source.dataSource.subscribers.push({ afterQuery: ({ rawResults }) => void answers.push(rawResults) });
    logged.length = 0;
    await collect(createRepository(source.dataSource, Item).stream({ batchSize: 5, select: ['id'] }));
    expect(logged).toEqual(['SELECT "t"."id" FROM "item" "t" WHERE "t"."deletedAt" IS NULL']);
    expect(answers).toMatchObject([{ rows: [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }, { id: 5 }] }]);
  });

  it('is told as what it is when its connection is lost', async () => {
    await using source = await openItems(server.url, { max: 1 });
    const items = createRepository(source.dataSource, Item);
    const seen: number[] = [];
    const work = async () => {
      for await (const { id } of items.stream({ order, batchSize: 5 })) {
        seen.push(id);
        if (id !== 5) continue;
        await withClient(server.url, (client) =>
          client.query(
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'items'`,
          ),
        );
      }
    };
    const error = await rejection(work());
    expect(error).toMatchObject({ name: 'QueryFailedError', parameters: [], code: '57P01' });
    expect(error).toMatchObject({ transient: false });
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(idsOf(await collect(items.stream({ order })))).toEqual(ALL);
  });

  it('is bounded by the statement timeout in each batch, and not in between', async () => {
    await using source = await openItems(server.url, { max: 1 }, { statementTimeoutMs: 250 });
    const items = createRepository(source.dataSource, Item);
    let count = 0;
    for await (const _ of items.stream({ batchSize: 10 })) {
      count += 1;
      if (count % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 400));
    }
    expect(count).toBe(ROWS);
    const blocker = new Client(server.url);
    await blocker.connect();
    try {
      await blocker.query('BEGIN; LOCK TABLE item');
      expect(await rejection(collect(items.stream()))).toMatchObject({ driverError: { code: '57014' } });
    } finally {
      await blocker.end();
    }
    expect(await collect(items.stream())).toHaveLength(ROWS);
  });

  it('keeps others from changing its table until it ends', async () => {
    await using source = await openItems(server.url);
    const items = createRepository(source.dataSource, Item);
    const alter = () =>
      withClient(server.url, (client) =>
        client
          .query(`SET lock_timeout = '50ms'`)
          .then(() => client.query('ALTER TABLE item ALTER COLUMN size TYPE bigint')),
      );
    const sizes: unknown[] = [];
    for await (const { id, size } of items.stream({ order, batchSize: 5 })) {
      sizes.push(typeof size);
      if (id === 1) expect(await rejection(alter())).toMatchObject({ code: '55P03' });
    }
    expect(new Set(sizes)).toEqual(new Set(['number']));
    await alter();
    expect(new Set((await collect(items.stream())).map(({ size }) => typeof size))).toEqual(
      new Set(['string']),
    );
  });

  (isPgBouncerInstalled() ? it : it.skip)('is the same behind PgBouncer in transaction mode', async () => {
    await using pooler = await openPgBouncer(server, { mode: 'transaction', poolSize: 2 });
    await using source = await openItems(pooler.url, { max: 4 });
    const items = createRepository(source.dataSource, Item);
    const streams = await Promise.all(
      Array.from({ length: 8 }, async (_, at) => {
        const ids: number[] = [];
        for await (const { id } of items.stream({ order, where: { lower: 'x' }, batchSize: at + 1 }))
          ids.push(id);
        return ids;
      }),
    );
    for (const ids of streams) expect(ids).toEqual(ALL);
    for await (const _ of items.stream({ batchSize: 2 })) break;
    await until(async () => (await countTransactions(server.url)) === 0);
  });
});
