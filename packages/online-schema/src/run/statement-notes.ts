import type { QueryRunner } from 'typeorm';
import { sqlStateOf } from '../catalog/sqlstate';
import type { StatementRecorder } from '../migration/run-context';

type Query = (statement: string, parameters?: unknown[], structured?: boolean) => Promise<unknown>;

// What begins otherwise is noted without asking: REINDEX, VACUUM and LOCK pass as reading for PostgreSQL.
const MAY_READ = /^[\s(]*(?:select|with|show|values|table|explain)\b/i;

// Behind a semicolon there may be a COMMIT, and then anything. In a string or a comment it is noted for nothing.
const MAY_BE_SEVERAL = /;\s*\S/;

/** A migration that looks until something has changed would look for ever. */
const MOST_STATEMENTS = 10_000;

/**
 * Takes a runner's statements down. Only what may read is sent, in a transaction of its own that is read-only and
 * rolled back; what the server refuses there (25006) writes, and is noted too.
 */
export class StatementNotes implements StatementRecorder {
  readonly #runner: QueryRunner;
  readonly #query: Query;
  readonly #statements: string[] = [];
  readonly #notes: string[] = [];
  #sent = 0;
  #isLooking = false;

  constructor(runner: QueryRunner) {
    this.#runner = runner;
    this.#query = runner.query.bind(runner) as Query;
    const original = {
      startTransaction: runner.startTransaction.bind(runner),
      commitTransaction: runner.commitTransaction.bind(runner),
      rollbackTransaction: runner.rollbackTransaction.bind(runner),
    };
    runner.query = this.#take.bind(this) as QueryRunner['query'];
    runner.startTransaction = async (level) => {
      if (this.#isLooking) await original.startTransaction(level);
    };
    runner.commitTransaction = async () => {
      if (this.#isLooking) await original.commitTransaction();
    };
    runner.rollbackTransaction = async () => {
      if (this.#isLooking) await original.rollbackTransaction();
    };
  }

  get statements(): readonly string[] {
    return this.#statements;
  }

  get notes(): readonly string[] {
    return this.#notes;
  }

  record(statement: string): void {
    this.#statements.push(statement.trim());
    if (this.#statements.length > MOST_STATEMENTS) throw new Error('it would never end');
  }

  note(text: string): void {
    this.#notes.push(text);
  }

  async look<T>(work: () => Promise<T>): Promise<T> {
    const { isTransactionActive } = this.#runner;
    this.#isLooking = true;
    Object.assign(this.#runner, { isTransactionActive: false });
    try {
      return await work();
    } finally {
      this.#isLooking = false;
      Object.assign(this.#runner, { isTransactionActive });
    }
  }

  async #take(statement: string, parameters?: unknown[], structured?: boolean): Promise<unknown> {
    if (this.#isLooking) return this.#query(statement, parameters, structured);
    this.#sent += 1;
    if (this.#sent > MOST_STATEMENTS) throw new Error('it would never end');
    if (MAY_READ.test(statement) && !MAY_BE_SEVERAL.test(statement)) {
      const read = await this.#read(statement, parameters, structured);
      if (read.isRead) return read.result;
    }
    this.record(statement);
    return this.#query('select 1 where false', [], structured);
  }

  async #read(
    statement: string,
    parameters: unknown[] | undefined,
    structured: boolean | undefined,
  ): Promise<{ readonly isRead: true; readonly result: unknown } | { readonly isRead: false }> {
    await this.#query('start transaction read only');
    try {
      return { isRead: true, result: await this.#query(statement, parameters, structured) };
    } catch (error) {
      if (sqlStateOf(error) !== '25006') throw error;
      return { isRead: false };
    } finally {
      await this.#query('rollback');
    }
  }
}
