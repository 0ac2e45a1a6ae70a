import { createDataSource } from '@holdfast/db';
import { openTemporaryServer } from '@holdfast/local-postgres';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import type { DataSource, QueryRunner } from 'typeorm';
import { withClient } from '../../measurement/with-client';

/**
 * Memory as on a small machine of today, so that the largest scale does not fit into it; and nothing that begins by
 * itself: checkpoints come when they are asked for, and so do statistics.
 */
const SERVER_SETTINGS = Object.freeze({
  shared_buffers: '1GB',
  max_wal_size: '16GB',
  checkpoint_timeout: '1h',
  maintenance_work_mem: '256MB',
  autovacuum: 'off',
  jit: 'off',
});

/** A server of its own with several databases, each by its name. */
export interface BenchServer extends AsyncDisposable {
  readonly url: string;
  urlOf(database: string): string;
  /** A copy of a database to which nobody is connected. */
  copy(template: string, database: string): Promise<void>;
  drop(database: string): Promise<void>;
  checkpoint(): Promise<void>;
}

export async function openBenchServer(signal: AbortSignal): Promise<BenchServer> {
  const server = await openTemporaryServer({ settings: SERVER_SETTINGS, signal });
  const urlOf = (database: string): string => {
    const url = new URL(server.url);
    url.pathname = `/${database}`;
    return url.href;
  };
  const command = (statement: string) =>
    withClient(urlOf('postgres'), async (client) => void (await client.query(statement)));
  return {
    url: server.url,
    urlOf,
    copy: (template, database) =>
      command(`create database ${database} template ${template} strategy file_copy`),
    drop: (database) => command(`drop database ${database} with (force)`),
    checkpoint: () => command('checkpoint'),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** The name of the database in a URL. */
export function readDatabaseName(url: string): string {
  return new URL(url).pathname.slice(1);
}

/** Runs work with a DataSource of the application on the database. */
export async function withDataSource<T>(
  url: string,
  work: (dataSource: DataSource) => Promise<T>,
): Promise<T> {
  const variables = {
    DATABASE_URL: url,
    DATABASE_POOL_LEAK_MS: '0',
    DATABASE_STATEMENT_TIMEOUT_MS: '0',
    DATABASE_APPLICATION_NAME: 'holdfast bench',
  };
  const dataSource = createDataSource('test', variables);
  await openDataSource(dataSource);
  try {
    return await work(dataSource);
  } finally {
    await closeDataSource(dataSource);
  }
}

/** Runs work on one connection of the application to the database. */
export async function withRunner<T>(url: string, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  return withDataSource(url, async (dataSource) => {
    const runner = dataSource.createQueryRunner();
    try {
      return await work(runner);
    } finally {
      await runner.release();
    }
  });
}
