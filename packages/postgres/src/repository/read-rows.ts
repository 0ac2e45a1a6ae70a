import type { QueryResult } from 'pg';
import {
  type DataSource,
  type EntityManager,
  type QueryRunner,
  QueryRunnerAlreadyReleasedError,
} from 'typeorm';
import { type ConnectionSource, obtainConnection } from '../data-source/obtain-connection';
import { ForeignDataSourceError } from '../data-source/pool-registry';
import { type Lease, readLease } from '../pool/lease';
import type { RowReader } from '../statements/row-reader';
import { hearsStatements, sendHeard, tellFailure, tellSent, tellSlow } from './heard-statement';
import { readPassage } from './pass-statement';
import { describeReadFailure } from './read-failure';

/** A statement, and who reads its rows. */
interface ReadStatement {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly reader: RowReader;
  /** Whether a replica can answer it. */
  readonly isRead: boolean;
}

/**
 * Runs one statement on the manager's own connection, or on one that is given back afterwards, and resolves with its rows as they are read.
 * Whoever hears of statements of TypeORM hears of it.
 *
 * @throws QueryFailedError without parameters; what the reader throws: AnswerMismatchError, RowMismatchError, InvalidOptionError;
 * ForeignDataSourceError; QueryRunnerAlreadyReleasedError.
 */
export function readRows<Row>(manager: EntityManager, statement: ReadStatement): Promise<Row[]> {
  return readAnswer(manager, statement).then(({ rows }) => rows as Row[]);
}

/** The same, with what else the server says: how many rows were written. */
export function readAnswer(manager: EntityManager, statement: ReadStatement): Promise<QueryResult> {
  const { queryRunner, dataSource } = manager;
  if (queryRunner) return readWith(queryRunner, statement);
  return hearsStatements(dataSource)
    ? readWithOwn(dataSource, statement)
    : readDirectly(dataSource, statement);
}

/** What subscribers are told names a query runner. */
async function readWithOwn(dataSource: DataSource, statement: ReadStatement): Promise<QueryResult> {
  const runner = dataSource.createQueryRunner(statement.isRead ? 'slave' : 'master');
  try {
    return await readWith(runner, statement);
  } finally {
    await runner.release();
  }
}

/** As `sendHeard` sends it: one promise less, where there may be thousands of small statements in a second. */
async function readDirectly(
  dataSource: DataSource,
  { text, values, reader, isRead }: ReadStatement,
): Promise<QueryResult> {
  const heard = { dataSource, runner: undefined, text, values };
  const connection = await obtainConnection(dataSource.driver as unknown as ConnectionSource, isRead);
  try {
    const lease = requireLease(connection);
    tellSent(heard);
    const startedMs = Date.now();
    let answer: QueryResult;
    try {
      answer = await lease.read(text, values, reader);
    } catch (error) {
      tellFailure(heard, error);
      throw describeReadFailure(text, error);
    }
    tellSlow(heard, Date.now() - startedMs);
    return answer;
  } finally {
    connection.release();
  }
}

async function readWith(runner: QueryRunner, statement: ReadStatement): Promise<QueryResult> {
  // It would get a connection that nobody gives back.
  if (runner.isReleased) throw new QueryRunnerAlreadyReleasedError();
  const connection = await runner.connect();
  const pass = readPassage(runner);
  const read = () => readOn(connection, runner, statement);
  return pass === undefined ? read() : pass(statement.text, statement.values, read);
}

function readOn(
  connection: object,
  runner: QueryRunner,
  { text, values, reader }: ReadStatement,
): Promise<QueryResult> {
  const lease = requireLease(connection);
  const statement = { dataSource: runner.dataSource, runner, text, values };
  const send = () => lease.read(text, values, reader);
  return sendHeard(statement, send, (error) => describeReadFailure(text, error));
}

function requireLease(connection: object): Lease {
  const lease = readLease(connection);
  if (lease === undefined) throw new ForeignDataSourceError();
  return lease;
}
