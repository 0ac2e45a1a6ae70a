import { createDataSource } from '@holdfast/db';
import { closeDataSource, openDataSource } from '@holdfast/postgres';

/** A table that nobody can read or write: a request that asks it is in flight for as long as the test wants. */
export interface TableLock {
  /** Resolves when this many statements wait for the table. */
  waitForWaiting(count: number): Promise<void>;
  /** Resolves when no statement waits for the table. */
  waitForNobody(): Promise<void>;
  release(): Promise<void>;
}

/** Locks the organizations. */
export function lockOrganizations(databaseUrl: string): Promise<TableLock> {
  return lockTable(databaseUrl, 'organizations');
}

/** Locks a table. */
export async function lockTable(
  databaseUrl: string,
  table: 'organizations' | 'events' | 'api_keys',
): Promise<TableLock> {
  const dataSource = await openDataSource(createDataSource('test', { DATABASE_URL: databaseUrl }));
  const runner = dataSource.createQueryRunner();
  await runner.startTransaction();
  await runner.query(`lock table ${table} in access exclusive mode`);
  const waitUntil = async (isEnough: (waiting: number) => boolean): Promise<void> => {
    const readWaiting = async () => {
      const [row] = await dataSource.query(
        'select count(*)::int as waiting from pg_locks where not granted and relation = $1::regclass',
        [table],
      );
      return row.waiting;
    };
    while (!isEnough(await readWaiting())) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  return {
    waitForWaiting: (count) => waitUntil((waiting) => waiting >= count),
    waitForNobody: () => waitUntil((waiting) => waiting === 0),
    async release() {
      if (runner.isReleased) return;
      await runner.rollbackTransaction();
      await runner.release();
      await closeDataSource(dataSource);
    },
  };
}
