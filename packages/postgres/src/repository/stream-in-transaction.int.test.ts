import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import { Client } from 'pg';
import { runOnConnection } from '../manager/with-connection';
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
import { createUnitOfWork } from '../transactions/unit-of-work';
import { createRepository } from './repository';

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
});
afterAll(() => server?.stop());
beforeEach(() => resetItems(server.url));

/** TypeORM's error, or what is behind it. */
const readFailure = (error: Error) => (error as { driverError?: unknown }).driverError ?? error;

describe('a stream in a transaction', () => {
  it.each(['a unit of work', 'a transaction of TypeORM'])(
    'of %s leaves room for other statements',
    async (kind) => {
      await using source = await openItems(server.url, { max: 1 });
      const { dataSource } = source;
      const unitOfWork = createUnitOfWork(dataSource);
      const run = (work: Parameters<typeof unitOfWork.run>[0]) =>
        kind === 'a unit of work'
          ? unitOfWork.run(work)
          : dataSource.transaction((manager) => work(manager, {} as never));
      await run(async (manager) => {
        const items = createRepository(manager, Item);
        const seen: number[] = [];
        const others = items.stream({ order: { id: 'DESC' }, batchSize: 4 });
        for await (const { id } of items.stream({ order, batchSize: 3 })) {
          const statements = [
            () => others.next(),
            () => items.update(id, { size: 100 }),
            () => items.findById(ROWS + 1 - id),
            () => manager.query('SELECT $1::int + 1 AS sum', [id]),
          ];
          // A unit of work writes them as they come; in a transaction of TypeORM each waits for its turn.
          const answers: unknown[] = [];
          if (kind === 'a unit of work')
            answers.push(...(await Promise.all(statements.map((send) => send()))));
          else for (const send of statements) answers.push(await send());
          const other = { value: { id: ROWS + 1 - id } };
          expect(answers).toMatchObject([other, { id, size: 100 }, other.value, [{ sum: id + 1 }]]);
          seen.push(id);
        }
        expect(seen).toEqual(ALL);
        await others.return();
        // Their portals are closed with them.
        expect(await manager.query(`SELECT name FROM pg_cursors WHERE name LIKE 'hf%'`)).toEqual([]);
      });
      expect(await createRepository(dataSource, Item).find({ where: { size: 100 } })).toHaveLength(ROWS);
      expect(await countTransactions(server.url)).toBe(0);
    },
  );

  it('leaves it open and whole when the loop ends early', async () => {
    await using source = await openItems(server.url, { max: 1 });
    await createUnitOfWork(source.dataSource).run(async (manager) => {
      const items = createRepository(manager, Item);
      await items.update(1, { size: 100 });
      for await (const _ of items.stream({ batchSize: 2 })) break;
      await items.update(2, { size: 100 });
    });
    expect(await createRepository(source.dataSource, Item).find({ where: { size: 100 } })).toHaveLength(2);
  });

  it('fails by name where its place is gone with a savepoint', async () => {
    await using source = await openItems(server.url, { max: 1 });
    const work = source.dataSource.transaction(async (manager) => {
      await manager.query('SAVEPOINT a');
      for await (const _ of createRepository(manager, Item).stream({ batchSize: 2 })) {
        await manager.query('ROLLBACK TO SAVEPOINT a');
      }
    });
    expect(await rejection(work)).toMatchObject({ name: 'QueryFailedError', driverError: { code: '34000' } });
    const kept = source.dataSource.transaction(async (manager) => {
      await manager.query('SAVEPOINT a');
      for await (const _ of createRepository(manager, Item).stream({ batchSize: 2 })) {
        await manager.query('ROLLBACK TO SAVEPOINT a');
        break;
      }
      return manager.query('SELECT 1 AS one');
    });
    expect(await kept).toEqual([{ one: 1 }]);
  });

  it('obeys policies by the settings of its unit of work', async () => {
    await using source = await openItems(
      await openTenant(server.url, `size::text = current_setting('app.size', true)`),
      {
        max: 1,
      },
    );
    const unitOfWork = createUnitOfWork(source.dataSource);
    const find = (size: number) =>
      unitOfWork.run((manager) => collect(createRepository(manager, Item).stream({ batchSize: 2 })), {
        settings: { 'app.size': String(size) },
      });
    expect((await find(1)).map(({ size }) => size)).toEqual(Array.from({ length: 9 }, () => 1));
    expect(await find(7)).toEqual([]);
  });
});

describe('a stream on a connection that its manager holds outside of a transaction', () => {
  it('lets no other statement into its transaction, and all of them afterwards', async () => {
    await using source = await openItems(server.url, { max: 1 });
    await runOnConnection(
      source.dataSource,
      async ({ manager }) => {
        const items = createRepository(manager, Item);
        for await (const _ of items.stream({ batchSize: 2 })) {
          const refused = [
            items.update(1, { size: 100 }),
            manager.query('SELECT 1'),
            manager.transaction(async () => {}),
            collect(items.stream()),
          ];
          for (const failure of await Promise.all(refused.map(rejection))) {
            expect(readFailure(failure)).toMatchObject({ code: 'STREAM_OPEN' });
          }
          break;
        }
        await items.update(2, { size: 100 });
        expect(await collect(items.stream({ order, batchSize: 2 }))).toHaveLength(ROWS);
      },
      {},
    );
    const changed = await createRepository(source.dataSource, Item).find({ where: { size: 100 } });
    expect(idsOf(changed)).toEqual([2]);
  });

  it('obeys policies by its settings, of which nothing is left', async () => {
    await using source = await openItems(
      await openTenant(server.url, `size::text = current_setting('app.size', true)`),
      {
        max: 1,
      },
    );
    const find = (size: number) =>
      runOnConnection(
        source.dataSource,
        ({ manager }) => collect(createRepository(manager, Item).stream({ batchSize: 2 })),
        { settings: { 'app.size': String(size) } },
      );
    expect(await find(1)).toHaveLength(9);
    expect(await find(7)).toEqual([]);
    const [{ left }] = await source.dataSource.query(`SELECT current_setting('app.size', true) AS left`);
    expect(left).toBe('');
  });

  it('ends at its deadline, in a batch and between two', async () => {
    await using source = await openItems(server.url, { max: 1 });
    const wait = () => new Promise((resolve) => setTimeout(resolve, 300));
    const between = runOnConnection(
      source.dataSource,
      async ({ manager }) => {
        for await (const _ of createRepository(manager, Item).stream({ batchSize: 2 })) await wait();
      },
      { deadline: 150 },
    );
    expect(await rejection(between)).toMatchObject({ name: 'DeadlineExceededError' });
    const blocker = new Client(server.url);
    await blocker.connect();
    try {
      await blocker.query('BEGIN; LOCK TABLE item');
      const within = runOnConnection(
        source.dataSource,
        ({ manager }) => collect(createRepository(manager, Item).stream()),
        { deadline: 150 },
      );
      expect(await rejection(within)).toMatchObject({ name: 'DeadlineExceededError' });
    } finally {
      await blocker.end();
    }
    expect(await collect(createRepository(source.dataSource, Item).stream())).toHaveLength(ROWS);
    await until(async () => (await countTransactions(server.url)) === 0);
  });

  it('is missed when it is left open', async () => {
    await using source = await openItems(server.url, { max: 1 });
    const work = runOnConnection(
      source.dataSource,
      async ({ manager }) => void (await createRepository(manager, Item).stream({ batchSize: 2 }).next()),
      {},
    );
    expect(await rejection(work)).toMatchObject({ name: 'TransactionLeftOpenError' });
    expect(await createRepository(source.dataSource, Item).find()).toHaveLength(ROWS);
  });
});
