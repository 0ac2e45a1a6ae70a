import type { EntityManager } from 'typeorm';
import { readPoolStats } from '../data-source/read-pool-stats';
import { Cat, Everything, Point, Quoted, Stock } from '../test/bulk/entities';
import { type CopyDatabase, openCopyDatabase } from '../test/bulk/open-copy';
import { produce, produceSlowly } from '../test/bulk/produce';
import { rejection, until } from '../test/settings';
import { copyIn } from './copy-in';
import { quoteTable } from './identifier';

describe('copyIn', () => {
  let database: CopyDatabase;
  let manager: EntityManager;
  let countPoints: CopyDatabase['countPoints'];
  let countWaiting: CopyDatabase['countWaiting'];

  beforeAll(async () => {
    database = await openCopyDatabase();
    ({ manager, countPoints, countWaiting } = database);
  });

  beforeEach(() => database.clear());

  afterAll(() => database?.[Symbol.asyncDispose]());

  it('copies a million rows while the source is never far ahead', async () => {
    await using held = await database.holdAt(20_000);
    const watched = { pulled: 0, isClosed: false };
    const total = 1_000_000;
    const copier = database.dataSource.createQueryRunner();
    const client = await copier.connect();
    const copying = copyIn(copier.manager, Point, produce(total, watched));
    await until(async () => (await countWaiting()) === 1);
    // First the buffers on the way fill up. Every look at the server is time in which more could be pulled.
    await until(async () => {
      const before = watched.pulled;
      for (let look = 0; look < 20; look += 1) expect(await countWaiting()).toBe(1);
      return watched.pulled === before && client.connection.stream.writableNeedDrain;
    });
    expect(watched.pulled).toBeLessThan(total / 2);
    expect(client.connection.stream.writableLength).toBeLessThan(1024 * 1024);
    await held.letGo();
    expect(await copying).toEqual({ copied: total });
    await copier.release();
    expect(await countPoints()).toBe(total);
  });

  it('pulls no more than a chunk before the server has answered', async () => {
    const watched = { pulled: 0, isClosed: false };
    let copying: Promise<unknown> | undefined;
    await manager.transaction(async (transaction) => {
      await transaction.query('LOCK TABLE point');
      copying = copyIn(manager, Point, produceSlowly(100_000, watched), { chunkCharacters: 1000 });
      await until(async () => (await countWaiting()) === 1);
      expect(watched.pulled).toBeLessThan(100);
    });
    expect(await copying).toEqual({ copied: 100_000 });
  });

  it('takes no connection for a query runner that was released, and closes its source', async () => {
    const runner = database.dataSource.createQueryRunner();
    await runner.release();
    const { used } = readPoolStats(database.dataSource);
    const watched = { pulled: 0, isClosed: false };
    const error = await rejection(copyIn(runner.manager, Point, produce(10, watched)));
    expect(error).toMatchObject({ name: 'QueryRunnerAlreadyReleasedError' });
    expect(watched.isClosed).toBe(true);
    expect(readPoolStats(database.dataSource).used).toBe(used);
  });

  it('sends one statement, and none for no rows', async () => {
    await database.readStatements();
    expect(await copyIn(manager, Point, [])).toEqual({ copied: 0 });
    expect(await copyIn(manager, Point, produceSlowly(0))).toEqual({ copied: 0 });
    expect(await database.readStatements()).toEqual([]);
    expect(await copyIn(manager, Point, produce(3))).toEqual({ copied: 3 });
    expect(await database.readStatements()).toEqual([
      { query: 'COPY "point" ("id", "x", "y", "label") FROM STDIN', calls: 1 },
    ]);
  });

  it('keeps apart what the text format could confuse', async () => {
    const labels = ['\\N', '', 'NULL', '\\.', 'tab\tnewline\nreturn\r\\n backslash\\', '\\\\N', '"', ' '];
    await copyIn(
      manager,
      Point,
      labels.map((label, id) => ({ id, x: 0, y: 0, label })),
    );
    const rows = await manager.find(Point, { order: { id: 'ASC' } });
    expect(rows.map(({ label }) => label)).toEqual(labels);
    await copyIn(manager, Everything, [
      { text: null, bytes: Buffer.from('\\\t\n\0') },
      { text: '\\N', bytes: null },
    ]);
    const things = await manager.find(Everything, {
      order: { id: 'ASC' },
      select: { text: true, bytes: true },
    });
    expect(things).toMatchObject([
      { text: null, bytes: Buffer.from('\\\t\n\0') },
      { text: '\\N', bytes: null },
    ]);
  });

  it('writes constants, quoted names and the columns that are named', async () => {
    await copyIn(manager, Quoted, [{ id: 1, text: 'a' }]);
    expect(
      await manager.query(`SELECT * FROM ${quoteTable(database.dataSource.getMetadata(Quoted))}`),
    ).toEqual([{ 'i"d': 1, "te.x't": 'a' }]);
    await copyIn(manager, Cat, [{ lives: 9 }]);
    expect(await manager.query('SELECT kind, lives FROM animal')).toEqual([{ kind: 'cat', lives: 9 }]);
    await copyIn(manager, Stock, [{ shop: 1, sku: 'a', title: null }], { columns: ['title', 'shop', 'sku'] });
    expect(await manager.find(Stock)).toMatchObject([{ sku: 'a', shop: 1, count: 0, version: 1 }]);
  });

  it('refuses options out of range', async () => {
    const characters = await rejection(copyIn(manager, Point, [], { chunkCharacters: 0 }));
    expect(characters).toMatchObject({ option: 'chunkCharacters' });
    const columns = ['z'] as unknown as ['id'];
    expect(await rejection(copyIn(manager, Point, [], { columns }))).toMatchObject({ option: 'columns' });
  });
});
