import type { EntityManager } from 'typeorm';
import { Point } from './entities';
import { type BulkDatabase, openBulkDatabase } from './open-database';

/** What the server waits for; disposed of, nothing is left of it. */
interface Hold extends AsyncDisposable {
  letGo(): Promise<void>;
}

/** A database that is copied into, and how far the copies are. */
export interface CopyDatabase extends BulkDatabase {
  readonly manager: EntityManager;
  countPoints(): Promise<number>;
  /** The server stops at the point with this id, in the middle of a COPY, until it is let go on. */
  holdAt(id: number): Promise<Hold>;
  /** Server processes that wait for a lock in a COPY. */
  countWaiting(): Promise<number>;
  /** The tables that `copyIn` is tried on are empty. */
  clear(): Promise<void>;
}

/** Opens it; it is disposed as the database is. */
export async function openCopyDatabase(): Promise<CopyDatabase> {
  const database = await openBulkDatabase();
  const { manager } = database.dataSource;
  return {
    ...database,
    manager,
    countPoints: () => manager.countBy(Point, {}),
    async holdAt(id) {
      await manager.query(`
        CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN PERFORM pg_advisory_xact_lock_shared(42); RETURN NEW; END $$;
        CREATE TRIGGER hold BEFORE INSERT ON point FOR EACH ROW WHEN (NEW.id = ${id}) EXECUTE FUNCTION hold()`);
      const runner = database.dataSource.createQueryRunner();
      await runner.query('SELECT pg_advisory_lock(42)');
      return {
        letGo: () => runner.query('SELECT pg_advisory_unlock(42)'),
        async [Symbol.asyncDispose]() {
          await runner.query('SELECT pg_advisory_unlock_all()');
          await runner.release();
          await manager.query('DROP FUNCTION hold CASCADE');
        },
      };
    },
    async countWaiting() {
      const [{ count }] = await manager.query(`
        SELECT count(*)::int FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'COPY%'`);
      return count;
    },
    async clear() {
      await manager.query('TRUNCATE point, owner, stock CASCADE');
    },
  };
}
