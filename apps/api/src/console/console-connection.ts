import { createDataSource, type Environment, type Variables } from '@holdfast/db';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import type { DataSource, QueryRunner } from 'typeorm';

/** The console's own few connections: it is looked at when all others are in use. */
const OVERRIDES: Variables = Object.freeze({
  DATABASE_REPLICA_URLS: '',
  DATABASE_APPLICATION_NAME: 'holdfast-console',
  DATABASE_POOL_MIN: '0',
  DATABASE_POOL_MAX: '3',
  DATABASE_POOL_IDLE_MS: '10000',
  DATABASE_POOL_ACQUIRE_MS: '1500',
  DATABASE_POOL_CREATE_MS: '1500',
  DATABASE_POOL_LEAK_MS: '0',
});

/** Longest that a look may take, in ms; it is shorter than the patience of whoever watches. */
const LOOK_TIMEOUT_MS = 1_500;

/**
 * A small pool beside that of the requests. It is opened when the console is first looked at, and costs nothing before;
 * what it does appears in none of the figures that it shows.
 */
export class ConsoleConnection {
  readonly #create: () => DataSource;
  #opened: Promise<DataSource> | undefined;
  #isClosed = false;

  constructor(environment: Environment, variables: Variables) {
    this.#create = () => createDataSource(environment, { ...variables, ...OVERRIDES });
  }

  /** The open DataSource. @throws why it cannot be opened; the next call tries again. */
  async open(): Promise<DataSource> {
    if (this.#isClosed) throw new Error('The service is shutting down');
    this.#opened ??= openDataSource(this.#create(), { attempts: 1 }).catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  /** Runs work that changes nothing, in a transaction that the server ends when it takes too long. */
  async look<T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    const runner = (await this.open()).createQueryRunner();
    try {
      await runner.query('begin transaction read only');
      await runner.query(`set local statement_timeout = ${LOOK_TIMEOUT_MS}`);
      await runner.query(`set local lock_timeout = ${LOOK_TIMEOUT_MS}`);
      return await work(runner);
    } finally {
      await runner.query('rollback').catch(() => undefined);
      await runner.release();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const dataSource = await this.#opened?.catch(() => undefined);
    if (dataSource?.isInitialized) await closeDataSource(dataSource);
  }
}
