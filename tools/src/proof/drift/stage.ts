import { createDataSource, ENTITIES } from '@holdfast/db';
import { createDatabase, dropDatabase, type TemporaryServer } from '@holdfast/local-postgres';
import { migrate } from '@holdfast/online-schema';
import { type ColumnType, DataSource } from 'typeorm';
import { withClient } from '../../measurement/with-client';
import { CREATE_SHAPES, Shape } from './shapes';

const TEMPLATE = 'drift_template';

/** The schema of packages/db, as migrated, and the shapes, as built by hand; as often as they are wanted. */
export interface Stage {
  /** A database of its own while the work runs. */
  withDatabase<T>(work: (url: string) => Promise<T>): Promise<T>;
}

export async function openStage(server: TemporaryServer): Promise<Stage> {
  const template = await createDatabase(server.adminUrl, TEMPLATE);
  const dataSource = await createDataSource('test', { DATABASE_URL: template }).initialize();
  try {
    await migrate(dataSource);
  } finally {
    await dataSource.destroy();
  }
  await withClient(template, async (client) => {
    for (const statement of CREATE_SHAPES) await client.query(statement);
  });
  let databases = 0;
  return {
    withDatabase: async (work) => {
      databases += 1;
      const name = `drift_${databases}`;
      const url = await createDatabase(server.adminUrl, name, { template: TEMPLATE });
      try {
        return await work(url);
      } finally {
        await dropDatabase(server.adminUrl, name);
      }
    },
  };
}

/** Runs work with the entities of both, and with the migrations that have been written into a folder. */
export async function withEntities<T>(
  url: string,
  migrations: readonly string[],
  work: (dataSource: DataSource) => Promise<T>,
): Promise<T> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    entities: [...ENTITIES, Shape],
    migrations: [...migrations],
    migrationsTransactionMode: 'none',
    installExtensions: false,
  });
  // TypeORM checks column types against a list that ends before PostgreSQL 13, where xid8 came.
  dataSource.driver.supportedDataTypes.push('xid8' as ColumnType);
  await dataSource.initialize();
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}
