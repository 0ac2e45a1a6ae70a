import type { EntityManager } from 'typeorm';
import { Stock } from '../test/bulk/entities';
import { STOCK_KEY as key, openStockDatabase, type StockDatabase, stock } from '../test/bulk/open-stock';
import { until } from '../test/settings';
import { upsertMany } from './upsert-many';

describe('what upsertMany counts under concurrency', () => {
  let database: StockDatabase;
  let manager: EntityManager;
  let readAudit: StockDatabase['readAudit'];

  beforeAll(async () => {
    database = await openStockDatabase();
    ({ manager, readAudit } = database);
  });

  beforeEach(() => database.clear());

  afterAll(() => database?.[Symbol.asyncDispose]());

  it('counts right when callers with the same keys in opposite orders meet, and none deadlocks', async () => {
    const totals = { inserted: 0, updated: 0, unchanged: 0 };
    for (let round = 0; round < 8; round += 1) {
      const rows = stock(60, (index) => ({
        sku: `${round}-${index % 2 ? index : 100 - index}`,
        count: index % 3,
      }));
      const results = await Promise.all(
        [rows, rows.toReversed(), rows, rows.toReversed()].map((part, caller) =>
          upsertMany(manager, Stock, part, {
            ...key,
            chunkRows: 7 + caller,
            whenUnchanged: caller % 2 ? 'skip' : 'write',
          }),
        ),
      );
      for (const result of results) {
        expect(result.inserted + result.updated + result.unchanged).toBe(60);
        totals.inserted += result.inserted;
        totals.updated += result.updated;
        totals.unchanged += result.unchanged;
      }
    }
    expect(totals.inserted).toBe(8 * 60);
    expect(await readAudit()).toEqual({ inserted: totals.inserted, updated: totals.updated });
  });

  it('counts an update of rows that the same transaction inserted, and of rows that others hold locked', async () => {
    await manager.transaction(async (transaction) => {
      expect(await upsertMany(transaction, Stock, stock(3), key)).toMatchObject({ inserted: 3 });
      expect(await upsertMany(transaction, Stock, stock(3), key)).toMatchObject({ inserted: 0, updated: 3 });
      await transaction.transaction(async (savepoint) => {
        expect(await upsertMany(savepoint, Stock, stock(3), key)).toMatchObject({ inserted: 0, updated: 3 });
      });
    });
    await manager.transaction(async (other) => {
      await other.query('SELECT FROM stock FOR KEY SHARE');
      expect(await upsertMany(manager, Stock, stock(4), key)).toEqual({
        inserted: 1,
        updated: 3,
        unchanged: 0,
      });
    });
    expect(await readAudit()).toEqual({ inserted: 4, updated: 9 });
  });

  it('counts an update of a row that another transaction inserts meanwhile', async () => {
    const attempt = await manager.transaction(async (other) => {
      await upsertMany(other, Stock, stock(1), key);
      const waiting = upsertMany(manager, Stock, stock(2), key);
      await until(async () => {
        const [{ count }] = await manager.query(
          "SELECT count(*)::int FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT INTO \"stock\"%'",
        );
        return count === 1;
      });
      return { waiting };
    });
    expect(await attempt.waiting).toEqual({ inserted: 1, updated: 1, unchanged: 0 });
    expect(await readAudit()).toEqual({ inserted: 2, updated: 1 });
  });
});
