import type { EntityManager } from 'typeorm';
import { Cat, Everything, Owner, Point, Stock } from '../test/bulk/entities';
import { STOCK_KEY as key, openStockDatabase, type StockDatabase, stock } from '../test/bulk/open-stock';
import { rejection } from '../test/settings';
import { upsertMany } from './upsert-many';

describe('upsertMany', () => {
  let database: StockDatabase;
  let manager: EntityManager;
  let readAudit: StockDatabase['readAudit'];

  beforeAll(async () => {
    database = await openStockDatabase();
    ({ manager, readAudit } = database);
  });

  beforeEach(() => database.clear());

  afterAll(() => database?.[Symbol.asyncDispose]());

  it('inserts what is new and updates what is there', async () => {
    expect(await upsertMany(manager, Stock, stock(10), key)).toEqual({
      inserted: 10,
      updated: 0,
      unchanged: 0,
    });
    const rows = stock(15, () => ({ count: 99 }));
    expect(await upsertMany(manager, Stock, rows, key)).toEqual({ inserted: 5, updated: 10, unchanged: 0 });
    expect(await readAudit()).toEqual({ inserted: 15, updated: 10 });
    expect(await manager.countBy(Stock, { count: 99 })).toBe(15);
  });

  it('raises the version and the update date of what it updates, and keeps its primary key', async () => {
    await upsertMany(manager, Stock, stock(1), key);
    const before = await manager.findOneByOrFail(Stock, { sku: 's0' });
    const rows = stock(1, () => ({ id: 'b5f1a5f0-0000-4000-8000-000000000000', count: 5 }));
    await upsertMany(manager, Stock, rows, key);
    const after = await manager.findOneByOrFail(Stock, { sku: 's0' });
    expect(after).toMatchObject({ id: before.id, count: 5, version: 2 });
    expect(after.updatedAt.getTime()).toBeGreaterThanOrEqual(before.updatedAt.getTime());
    await manager.query('UPDATE stock SET "updatedAt" = \'2001-01-01Z\'');
    await upsertMany(manager, Stock, rows, key);
    const latest = await manager.findOneByOrFail(Stock, { sku: 's0' });
    expect(latest.updatedAt.getFullYear()).toBeGreaterThan(2001);
  });

  it('updates what the rows give and nothing else', async () => {
    await upsertMany(
      manager,
      Stock,
      stock(2, () => ({ title: 'kept' })),
      key,
    );
    const rows = [
      { sku: 's0', shop: 1, count: 8 },
      { sku: 's1', shop: 1, title: 'new' },
    ];
    expect(await upsertMany(manager, Stock, rows, key)).toEqual({ inserted: 0, updated: 2, unchanged: 0 });
    expect(await manager.find(Stock, { order: { sku: 'ASC' } })).toMatchObject([
      { count: 8, title: 'kept' },
      { count: 1, title: 'new' },
    ]);
  });

  it('updates only what update names', async () => {
    await upsertMany(
      manager,
      Stock,
      stock(1, () => ({ title: 'old' })),
      key,
    );
    const rows = stock(1, () => ({ title: 'new', count: 77 }));
    await upsertMany(manager, Stock, rows, { ...key, update: ['title'] });
    expect(await manager.find(Stock)).toMatchObject([{ title: 'new', count: 0 }]);
    const nothing = await upsertMany(manager, Stock, rows, { ...key, update: [] });
    expect(nothing).toEqual({ inserted: 0, updated: 0, unchanged: 1 });
  });

  it('writes nothing for an unchanged row when told to skip', async () => {
    const rows = stock(10, (index) => ({ notes: { index }, title: `Title ${index}` }));
    await upsertMany(manager, Stock, rows, key);
    const read = () => manager.query('SELECT sku, xmin, ctid FROM stock ORDER BY sku');
    const before = await read();
    const skip = { ...key, whenUnchanged: 'skip' } as const;
    expect(await upsertMany(manager, Stock, rows, skip)).toEqual({ inserted: 0, updated: 0, unchanged: 10 });
    expect((await read()).map(({ ctid }: { ctid: string }) => ctid)).toEqual(
      before.map(({ ctid }: { ctid: string }) => ctid),
    );
    expect(await readAudit()).toEqual({ inserted: 10, updated: 0 });
    // Control: without it every row is written anew.
    expect(await upsertMany(manager, Stock, rows, key)).toEqual({ inserted: 0, updated: 10, unchanged: 0 });
  });

  it('sees a change that the equality of the type hides', async () => {
    await upsertMany(
      manager,
      Stock,
      stock(3, () => ({ title: 'title', notes: { a: 1 } })),
      key,
    );
    const rows = [
      { ...stock(1)[0], title: 'TITLE', notes: { a: 1 } },
      { sku: 's1', shop: 1, count: 1, title: 'title', notes: { a: 2 } },
      { sku: 's2', shop: 1, count: 2, title: 'title', notes: null },
    ];
    const skip = { ...key, whenUnchanged: 'skip' } as const;
    expect(await upsertMany(manager, Stock, rows, skip)).toMatchObject({ updated: 3, unchanged: 0 });
    expect(await manager.query("SELECT 'title'::citext IS DISTINCT FROM 'TITLE'::citext AS differs")).toEqual(
      [{ differs: false }],
    );
    const json = await rejection(manager.query("SELECT '1'::json IS DISTINCT FROM '1'::json"));
    expect(json).toMatchObject({ code: '42883' });
  });

  it.each([
    ['the same text', { sku: 's0', shop: 1 }],
    ['another spelling', { sku: 's0', shop: '01' as unknown as number }],
  ])('refuses two rows with one key before sending anything: %s', async (_, second) => {
    const error = await rejection(upsertMany(manager, Stock, [...stock(3), second], key));
    expect(error).toMatchObject({
      code: 'BULK_ROW_REFUSED',
      reason: 'duplicate-key',
      row: 4,
      column: 'sku,shop',
    });
    expect(await database.readStatements()).toEqual([]);
  });

  it('control: PostgreSQL refuses two rows with one key in a statement', async () => {
    const sql = `INSERT INTO stock (sku, shop, version) VALUES ('a', 1, 1), ('a', 1, 1)
                 ON CONFLICT (sku, shop) DO UPDATE SET count = 1`;
    expect(await rejection(manager.query(sql))).toMatchObject({ code: '21000' });
  });

  it('refuses a row without its key or without a column that update names', async () => {
    const lacksKey = await rejection(upsertMany(manager, Stock, [{ sku: 'a' }], key));
    expect(lacksKey).toMatchObject({ reason: 'missing-column', column: 'shop', row: 1 });
    const options = { ...key, update: ['title'] as const };
    const lacksUpdate = await rejection(
      upsertMany(manager, Stock, [...stock(1, () => ({ title: 'a' })), { sku: 'b', shop: 1 }], options),
    );
    expect(lacksUpdate).toMatchObject({ reason: 'missing-column', column: 'title', row: 2 });
    expect(await manager.countBy(Stock, {})).toBe(0);
  });

  it('takes a generated primary key as the conflict', async () => {
    const { identifiers } = await manager.insert(Owner, { email: 'a' });
    const rows = [{ id: identifiers[0]?.id as string, email: 'b' }];
    expect(await upsertMany(manager, Owner, rows, { conflict: ['id'] })).toMatchObject({ updated: 1 });
    await upsertMany(manager, Cat, [{ id: 5, lives: 9 }], { conflict: ['id'] });
    await upsertMany(manager, Cat, [{ id: 5, lives: 8 }], { conflict: ['id'] });
    expect(await manager.find(Cat)).toEqual([{ id: 5, lives: 8 }]);
  });

  it('writes all chunks or none, and sends nothing for no rows', async () => {
    const rows = [...stock(25), { sku: 'zz', shop: 1, title: 'NUL \0' }];
    expect(await rejection(upsertMany(manager, Stock, rows, { ...key, chunkRows: 10 }))).toMatchObject({
      reason: 'nul-character',
      row: 26,
    });
    expect(await manager.countBy(Stock, {})).toBe(0);
    await database.readStatements();
    expect(await upsertMany(manager, Stock, [], key)).toEqual({ inserted: 0, updated: 0, unchanged: 0 });
    expect(await database.readStatements()).toEqual([]);
  });

  it('stays below the limit of parameters whatever the input', async () => {
    const rows = Array.from({ length: 30_000 }, (_, id) => ({ id, x: id, y: 0, label: '' }));
    const options = { conflict: ['id'] } as const;
    expect(await upsertMany(manager, Point, rows, options)).toEqual({
      inserted: 30_000,
      updated: 0,
      unchanged: 0,
    });
    const skip = { ...options, whenUnchanged: 'skip' } as const;
    expect(await upsertMany(manager, Point, rows, skip)).toEqual({
      inserted: 0,
      updated: 0,
      unchanged: 30_000,
    });
  });

  it('is refused by the server on a partitioned table, where a row has no xmax to tell by', async () => {
    await manager
      .transaction(async (transaction) => {
        await transaction.query(`
        ALTER TABLE stock RENAME TO plain;
        CREATE TABLE stock (LIKE plain INCLUDING DEFAULTS, UNIQUE (sku, shop)) PARTITION BY LIST (shop);
        CREATE TABLE stock_of_shop_1 PARTITION OF stock FOR VALUES IN (1)`);
        expect(await rejection(upsertMany(transaction, Stock, stock(1), key))).toMatchObject({
          code: '0A000',
        });
        throw new Error('rolled back on purpose');
      })
      .catch((error: Error) => expect(error.message).toBe('rolled back on purpose'));
  });

  it('keeps rows out of its errors and refuses options out of range', async () => {
    const rows = [{ id: 1, x: 'secret' as unknown as number, y: 1, label: '' }];
    const error = await rejection(upsertMany(manager, Point, rows, { conflict: ['id'] }));
    expect(error).toMatchObject({ code: 'BULK_WRITE_REFUSED', row: 1, cause: { code: '22P02' } });
    expect(error.message).not.toContain('secret');
    expect(await rejection(upsertMany(manager, Point, [], { conflict: [] }))).toMatchObject({
      option: 'conflict',
    });
    const unknown = ['nothing'] as unknown as ['id'];
    expect(await rejection(upsertMany(manager, Point, [], { conflict: unknown }))).toMatchObject({
      option: 'conflict',
    });
    const barred = { conflict: ['id'], update: ['doubled'] } as const;
    expect(await rejection(upsertMany(manager, Everything, [], barred))).toMatchObject({
      option: 'update',
      value: 'doubled',
    });
    const whenUnchanged = 'maybe' as 'skip';
    expect(await rejection(upsertMany(manager, Stock, [], { ...key, whenUnchanged }))).toMatchObject({
      option: 'whenUnchanged',
    });
  });
});
