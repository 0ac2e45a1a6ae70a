import type { EntityManager } from 'typeorm';
import { type BulkDatabase, openBulkDatabase } from './open-database';

/** The unique key of the table `stock`. */
export const STOCK_KEY = { conflict: ['sku', 'shop'] } as const;

/** Rows of the table `stock` with different keys, each with what is changed in it. */
export const stock = (count: number, change: (index: number) => object = () => ({})) =>
  Array.from({ length: count }, (_, index) => ({
    sku: `s${index}`,
    shop: 1,
    count: index,
    ...change(index),
  }));

/** How many rows the server inserted into `stock` and updated in it. */
interface Audit {
  readonly inserted: number;
  readonly updated: number;
}

/** A database whose server counts for itself what happens to `stock`: against that, results are held. */
export interface StockDatabase extends BulkDatabase {
  readonly manager: EntityManager;
  /** What happened since the last `clear`. */
  readAudit(): Promise<Audit>;
  /** The tables that `upsertMany` is tried on are empty, and nothing has been counted. */
  clear(): Promise<void>;
}

/** Opens it; it is disposed as the database is. */
export async function openStockDatabase(): Promise<StockDatabase> {
  const database = await openBulkDatabase();
  const { manager } = database.dataSource;
  try {
    await manager.query(`
      CREATE TABLE audit (action text NOT NULL);
      CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO audit VALUES (TG_OP); RETURN NULL; END $$;
      CREATE TRIGGER note AFTER INSERT OR UPDATE ON stock FOR EACH ROW EXECUTE FUNCTION note()`);
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
  return {
    ...database,
    manager,
    async readAudit() {
      const [counts] = await manager.query(`
        SELECT count(*) FILTER (WHERE action = 'INSERT')::int AS inserted,
               count(*) FILTER (WHERE action = 'UPDATE')::int AS updated
          FROM audit`);
      return counts;
    },
    async clear() {
      await manager.query('TRUNCATE stock, audit, point, owner CASCADE');
      await database.readStatements();
    },
  };
}
