import { createDataSource } from '@holdfast/db';
import { closeDataSource, openDataSource } from '@holdfast/postgres';

/** The database has every migration, and no connection is left open. */
export async function migrate(url: string): Promise<void> {
  const dataSource = createDataSource('test', { DATABASE_URL: url });
  await openDataSource(dataSource);
  try {
    await dataSource.runMigrations();
  } finally {
    await closeDataSource(dataSource);
  }
}
