import { openTemporaryServer, type TemporaryServer } from '@holdfast/local-postgres';
import type { DataSource } from 'typeorm';
import { Stock } from '../test/bulk/entities';
import { ITEM_TABLE, Item, openItems } from '../test/items';
import { Author, LIBRARY } from '../test/library';
import { rejection } from '../test/settings';
import { withClient } from '../test/transfers';
import { createRepository } from './repository';

const ROWS = 20_000;

let server: TemporaryServer;
beforeAll(async () => {
  server = await openTemporaryServer();
  await withClient(server.url, async (client) => {
    await client.query(ITEM_TABLE);
    // A thousand rows of each size; half of them have a date, of which two in a row lie in one millisecond.
    await client.query(`
      INSERT INTO item (id, size, label, "deletedAt")
      SELECT id, id % 20, 'row', CASE WHEN id % 2 = 0 THEN timestamptz '2026-01-01' + id * interval '250 microseconds' END
        FROM generate_series(1, ${ROWS}) AS id`);
    await client.query('CREATE INDEX by_size ON item (size, id)');
    await client.query('CREATE INDEX by_size_down ON item (size, id DESC)');
    await client.query('CREATE INDEX by_date ON item ("deletedAt", id)');
    await client.query('VACUUM ANALYZE item');
  });
});
afterAll(() => server?.stop());

interface PlanNode {
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
}

/** What the statement reads that `ask` sends. */
async function countBlocks(dataSource: DataSource, ask: (items: ItemRepository) => Promise<unknown>) {
  const runner = dataSource.createQueryRunner();
  const sent: { text: string; values: readonly unknown[] }[] = [];
  const pass = (text: string, values: readonly unknown[], send: () => unknown) => {
    sent.push({ text, values });
    return send();
  };
  Object.assign(runner, { [Symbol.for('holdfast:pass-statement')]: pass });
  try {
    await ask(createRepository(runner.manager, Item));
    const [{ text, values } = { text: '', values: [] }] = sent;
    const [{ 'QUERY PLAN': plan }] = await runner.query(
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
      values as unknown[],
    );
    const { Plan: root } = plan[0] as { readonly Plan: PlanNode };
    return root['Shared Hit Blocks'] + root['Shared Read Blocks'];
  } finally {
    await runner.release();
  }
}

/** Related lists have no order. */
function describeAuthor({ id, books }: Author): string {
  return [id, ...books.map(({ place }) => place).toSorted((a, b) => a - b)].join(' ');
}

type ItemRepository = ReturnType<typeof createRepository<Item>>;

describe('a page', () => {
  it.each<[string, object]>([
    ['in one direction', { size: 'ASC', id: 'ASC' }],
    ['in two directions', { size: 'ASC', id: 'DESC' }],
    ['by a column that may be null', { deletedAt: 'ASC', id: 'ASC' }],
    ['by a column that may be null, backwards', { deletedAt: 'DESC', id: 'DESC' }],
  ])('%s is found by an index, without the rows in front of it', async (_kind, order) => {
    await using source = await openItems(server.url);
    const items = createRepository(source.dataSource, Item);
    const { next } = await items.findPage({ order, limit: ROWS - 5_005, withDeleted: true });
    const page = await countBlocks(source.dataSource, (of) =>
      of.findPage({ order, limit: 10, withDeleted: true, after: next ?? '' }),
    );
    const offset = await countBlocks(source.dataSource, (of) =>
      of.find({ order, limit: 11, withDeleted: true, offset: ROWS - 5_005 }),
    );
    expect(page).toBeLessThan(45);
    expect(offset).toBeGreaterThan(100);
  });

  it('goes on between rows whose dates JavaScript cannot tell apart', async () => {
    await using source = await openItems(server.url, { max: 1 });
    const items = createRepository(source.dataSource, Item);
    const order = { deletedAt: { direction: 'DESC', nulls: 'LAST' }, id: 'DESC' } as const;
    const options = { order, where: { size: 4 }, withDeleted: true };
    const list = await items.find(options);
    const found: number[] = [];
    let after: string | undefined;
    do {
      // The text of a date depends on the zone of the session, and what it says does not.
      await source.dataSource.query(`SET TimeZone = '${found.length % 2 === 0 ? 'UTC' : 'Asia/Kathmandu'}'`);
      const page = await items.findPage({ ...options, limit: 7, ...(after !== undefined && { after }) });
      found.push(...page.entities.map(({ id }) => id));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(found).toEqual(list.map(({ id }) => id));
    expect(found).toHaveLength(ROWS / 20);
  });

  it('is the last one where no row is left, also where the list is as long as its pages', async () => {
    await using source = await openItems(server.url);
    const items = createRepository(source.dataSource, Item);
    const options = { order: { id: 'ASC' }, where: { size: 3, id: 3 } } as const;
    expect(await items.findPage({ ...options, limit: 1 })).toMatchObject({
      entities: [{ id: 3 }],
      next: null,
    });
    const none = await items.findPage({ order: { id: 'ASC' }, where: { label: 'none' }, limit: 1 });
    expect(none).toEqual({ entities: [], next: null });
  });

  it('counts entities with relations once, and goes on behind them', async () => {
    await withClient(server.url, async (client) => {
      await client.query('CREATE TABLE author (id integer PRIMARY KEY, name text, "deletedAt" timestamptz)');
      await client.query(`
        CREATE TABLE book (
          shelf text, place integer, "printedAt" timestamptz NOT NULL DEFAULT now(), "authorId" integer, PRIMARY KEY (shelf, place)
        )`);
      await client.query(`INSERT INTO author SELECT id, 'name ' || id % 3 FROM generate_series(1, 9) AS id`);
      await client.query(`
        INSERT INTO book (shelf, place, "authorId") SELECT 'a', id, id % 12 FROM generate_series(1, 40) AS id`);
    });
    await using source = await openItems(server.url, {}, { entities: LIBRARY });
    const authors = createRepository(source.dataSource, Author);
    const options = { order: { name: 'ASC', id: 'DESC' }, relations: { books: true } } as const;
    const list = await authors.find(options);
    const first = await authors.findPage({ ...options, limit: 4 });
    const second = await authors.findPage({ ...options, limit: 5, after: first.next ?? '' });
    expect([...first.entities, ...second.entities].map(describeAuthor)).toEqual(list.map(describeAuthor));
    expect(second.next).toBeNull();
    expect(list.flatMap(({ books }) => books)).toHaveLength(31);
  });

  it('may be ordered by another unique key than the primary one', async () => {
    await using source = await openItems(server.url, {}, { entities: [Stock] });
    const stocks = createRepository(source.dataSource, Stock);
    const find = (order: object) => rejection(stocks.findPage({ order, limit: 1 }));
    expect(await find({ sku: 'ASC', shop: 'DESC' })).toMatchObject({ driverError: { code: '42P01' } });
    expect(String(await find({ shop: 'ASC', title: 'ASC' }))).toMatch(
      'order must be an order that tells all rows apart, by id, or sku and shop, but is "shop, title"',
    );
  });

  it('begins nowhere else than where a page of the same order has ended', async () => {
    await using source = await openItems(server.url);
    const items = createRepository(source.dataSource, Item);
    const options = { order: { size: 'ASC', id: 'ASC' }, limit: 2, withDeleted: true } as const;
    const { next } = await items.findPage(options);
    const cursor = next ?? '';
    const changed = Buffer.from(
      Buffer.from(cursor, 'base64url').toString('latin1').replace('"0"', '"1"'),
      'latin1',
    );
    const after = /^InvalidOptionError: after must be what `next` was of a page of this entity in this order/;
    for (const wrong of ['', 'x', cursor.slice(0, -2), changed.toString('base64url'), 7, null]) {
      expect(String(await rejection(items.findPage({ ...options, after: wrong as string })))).toMatch(after);
    }
    const other = { ...options, order: { size: 'ASC', id: 'DESC' }, after: cursor } as const;
    expect(String(await rejection(items.findPage(other)))).toMatch(after);
    expect((await items.findPage({ ...options, after: cursor })).entities).toMatchObject([
      { id: 60 },
      { id: 80 },
    ]);
  });

  it.each<[object, RegExp]>([
    [{ order: undefined, limit: 1 }, /order must be an object of directions by property/],
    [{ order: {}, limit: 1 }, /order must be an order that tells all rows apart, by id/],
    [{ order: { size: 'ASC' }, limit: 1 }, /by id, but is "size"/],
    [{ order: { id: 'ASC' } }, /limit must be an integer of at least 1/],
    [{ order: { id: 'ASC' }, limit: 0 }, /limit must be an integer of at least 1/],
    [{ order: { id: 'ASC' }, limit: 1, offset: 1 }, /offset/],
    [
      { order: { size: 'ASC', id: 'ASC' }, limit: 1, select: ['id'] },
      /order must be by properties that are selected, but is "size"/,
    ],
  ])('%p is refused by name', async (options, message) => {
    await using source = await openItems(server.url);
    const items = createRepository(source.dataSource, Item);
    expect(String(await rejection(items.findPage(options as never)))).toMatch(message);
  });
});
