import { openTemporaryServer } from '@holdfast/local-postgres';
import type { DataSource } from 'typeorm';
import { createPostgresDataSource } from '../../data-source/data-source';
import { closeDataSource, openDataSource } from '../../data-source/open-data-source';
import { settings } from '../settings';
import { entities, QUOTED_TABLE } from './entities';

/** A server of its own with the tables of the test entities, and two DataSources on it. */
export interface BulkDatabase extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly dataSource: DataSource;
  /** Statements per text since the last call, without those that watch; the bookkeeping of transactions included. */
  readStatements(): Promise<{ readonly query: string; readonly calls: number }[]>;
}

/** Starts it; `dispose` ends it, as the end of a failed start does. */
export async function openBulkDatabase(): Promise<BulkDatabase> {
  const server = await openTemporaryServer({
    settings: { shared_preload_libraries: 'pg_stat_statements' },
  });
  const dataSource = openOn(server.url);
  const dispose = async () => {
    await closeDataSource(dataSource);
    await server.stop();
  };
  try {
    await openDataSource(dataSource);
    for (const extension of ['citext', 'hstore', 'ltree', 'cube']) {
      await dataSource.query(`CREATE EXTENSION ${extension}`);
    }
    await dataSource.query('CREATE SCHEMA watch');
    await dataSource.query('CREATE EXTENSION pg_stat_statements SCHEMA watch');
    await dataSource.query('CREATE SCHEMA "Odd"');
    await dataSource.query(QUOTED_TABLE);
    await dataSource.synchronize();
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    url: server.url,
    port: server.port,
    dataSource,
    async readStatements() {
      const statements = await dataSource.query(`
        SELECT query, calls::int AS calls FROM watch.pg_stat_statements
         WHERE query NOT LIKE '%watch.%' AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
         ORDER BY query`);
      await dataSource.query('SELECT watch.pg_stat_statements_reset()');
      return statements;
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** A DataSource that is not open yet. */
export function openOn(url: string, max = 4): DataSource {
  return createPostgresDataSource({
    url,
    pool: { ...settings, max, destroyMs: 1000 },
    applicationName: 'bulk',
    entities,
    migrations: [],
  });
}
