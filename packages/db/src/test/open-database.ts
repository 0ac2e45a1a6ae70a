import { openTestDatabase, type TestDatabaseOptions } from '@holdfast/local-postgres';
import type { DataSource } from 'typeorm';
import { createDataSource } from '../index';

/** A database for one test file, with an open DataSource on it. */
export interface OpenDatabase {
  readonly url: string;
  readonly dataSource: DataSource;
  close(): Promise<void>;
}

export async function openDatabase(options: TestDatabaseOptions = {}): Promise<OpenDatabase> {
  const database = await openTestDatabase(options);
  const dataSource = createDataSource('test', { DATABASE_URL: database.url, DATABASE_POOL_MAX: '10' });
  await dataSource.initialize();
  return {
    url: database.url,
    dataSource,
    close: async () => {
      await dataSource.destroy();
      await database.drop();
    },
  };
}
