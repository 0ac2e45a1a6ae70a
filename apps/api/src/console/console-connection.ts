import { createDataSource, type Environment, type Variables } from '@holdfast/db';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import type { DataSource, QueryRunner } from 'typeorm';
import { withSmallPool } from '../small-pool';

/** A look reads several things at once. */
const MOST_CONNECTIONS = 3;

/** Longest that a statement of a look may take, in ms; it is shorter than the patience of whoever watches. */
const STATEMENT_TIMEOUT_MS = 1_500;
/** Longest that a read may take in all, in ms: a network that swallows everything lets no statement time out. */
const LIMIT_MS = 4_000;

/** The database has said nothing, neither yes nor no. */
class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  readonly code = 'HOLDFAST_CONSOLE_NO_ANSWER';

  constructor() {
    super(`The database gave no answer within ${LIMIT_MS} ms`);
  }
}

/**
 * A small pool beside that of the requests. It is opened when the console is first looked at, and costs nothing before;
 * what it does appears in none of the figures that it shows.
 */
export class ConsoleConnection {
  readonly #create: () => DataSource;
  #opened: Promise<DataSource> | undefined;
  /** Pools that were given up, and are being closed. */
  readonly #leaving = new Set<Promise<void>>();
  #isClosed = false;

  constructor(environment: Environment, variables: Variables) {
    this.#create = () =>
      createDataSource(environment, withSmallPool(variables, 'holdfast-console', MOST_CONNECTIONS));
  }

  /** The open DataSource. @throws why it cannot be opened; the next call tries again. */
  async open(): Promise<DataSource> {
    if (this.#isClosed) throw new Error('The service is shutting down');
    const opened = this.#opened ?? openDataSource(this.#create(), { attempts: 1 });
    this.#opened = opened;
    return opened.catch((error: unknown) => {
      if (this.#opened === opened) this.#opened = undefined;
      throw error;
    });
  }

  /** Runs a read of limited length. @throws NoAnswerError after that: then all connections are new ones the next time. */
  async read<T>(work: (dataSource: DataSource) => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        this.#leave();
        reject(new NoAnswerError());
      }, LIMIT_MS);
    });
    try {
      return await Promise.race([this.open().then(work), silence]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Runs work that changes nothing, in a transaction that the server ends when it takes too long. */
  look<T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    return this.read(async (dataSource) => {
      const runner = dataSource.createQueryRunner();
      await runner.connect();
      try {
        await runner.query('begin transaction read only');
        await runner.query(`set local statement_timeout = ${STATEMENT_TIMEOUT_MS}`);
        await runner.query(`set local lock_timeout = ${STATEMENT_TIMEOUT_MS}`);
        return await work(runner);
      } finally {
        await runner.query('rollback').catch(() => undefined);
        await runner.release();
      }
    });
  }

  /** Every connection is closed, and what waits for one fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#leave();
    await Promise.all(this.#leaving);
  }

  #leave(): void {
    const opened = this.#opened;
    this.#opened = undefined;
    const leave = async (): Promise<void> => {
      const dataSource = await opened?.catch(() => undefined);
      if (dataSource?.isInitialized) await closeDataSource(dataSource).catch(() => undefined);
    };
    const left = leave().then(() => void this.#leaving.delete(left));
    this.#leaving.add(left);
  }
}
