import { migrate, type RunOptions } from '@holdfast/online-schema';
import type { DataSource } from 'typeorm';

/** The database has the tables. The migrations of indexes, which alone run outside a transaction, stay pending. */
export async function createTables(dataSource: DataSource, options: RunOptions = {}): Promise<void> {
  const { migrations } = dataSource;
  const change = (wanted: typeof migrations) => Object.assign(dataSource, { migrations: wanted });
  change(migrations.filter(({ transaction }) => transaction !== false));
  try {
    await migrate(dataSource, options);
  } finally {
    change(migrations);
  }
}
