import 'reflect-metadata';
import { openTestDatabase } from '@holdfast/local-postgres';
import { DataSource, type DataSourceOptions } from 'typeorm';

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

/** An empty database with a DataSource on it, for one test file. */
export interface Scratch {
  readonly url: string;
  readonly dataSource: DataSource;
  /** Another DataSource on the same database, closed with the scratch. */
  open(options?: Partial<PostgresOptions>): Promise<DataSource>;
  close(): Promise<void>;
}

export async function openScratch(options: Partial<PostgresOptions> = {}): Promise<Scratch> {
  const database = await openTestDatabase({ empty: true });
  const opened: DataSource[] = [];
  const open = async (more: Partial<PostgresOptions> = {}) => {
    const dataSource = new DataSource({
      type: 'postgres',
      url: database.url,
      installExtensions: false,
      migrationsTransactionMode: 'none',
      ...options,
      ...more,
    });
    await dataSource.initialize();
    opened.push(dataSource);
    return dataSource;
  };
  return {
    url: database.url,
    dataSource: await open(),
    open,
    close: async () => {
      for (const dataSource of opened) if (dataSource.isInitialized) await dataSource.destroy();
      await database.drop();
    },
  };
}
