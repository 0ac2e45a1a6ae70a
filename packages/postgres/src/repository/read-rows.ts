import type { QueryResult } from 'pg';
import {
  type DataSource,
  type EntityManager,
  type QueryRunner,
  QueryRunnerAlreadyReleasedError,
} from 'typeorm';
import { type ConnectionSource, obtainConnection } from '../data-source/obtain-connection';
import { ForeignDataSourceError } from '../data-source/pool-registry';
import { readLease } from '../pool/lease';
import type { RowReader } from '../statements/row-reader';
import { hearsStatements, sendHeard } from './heard-statement';
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
export async function readAnswer(manager: EntityManager, statement: ReadStatement): Promise<QueryResult> {
  const { queryRunner, dataSource } = manager;
  if (queryRunner) return readWith(queryRunner, statement);
  if (hearsStatements(dataSource)) {
    const runner = dataSource.createQueryRunner(statement.isRead ? 'slave' : 'master');
    try {
      return await readWith(runner, statement);
    } finally {
      await runner.release();
    }
  }
  const driver = dataSource.driver as unknown as ConnectionSource;
  const connection = await obtainConnection(driver, statement.isRead);
  try {
    return await readOn(connection, dataSource, statement);
  } finally {
    connection.release();
  }
}

async function readWith(runner: QueryRunner, statement: ReadStatement): Promise<QueryResult> {
  // It would get a connection that nobody gives back.
  if (runner.isReleased) throw new QueryRunnerAlreadyReleasedError();
  const connection = await runner.connect();
  const pass = readPassage(runner);
  const read = () => readOn(connection, runner.dataSource, statement, runner);
  return pass === undefined ? read() : pass(statement.text, statement.values, read);
}

function readOn(
  connection: object,
  dataSource: DataSource,
  { text, values, reader }: ReadStatement,
  runner?: QueryRunner,
): Promise<QueryResult> {
  const lease = readLease(connection);
  if (lease === undefined) throw new ForeignDataSourceError();
  const statement = { dataSource, runner, text, values };
  const send = () => lease.read(text, values, reader);
  return sendHeard(statement, send, (error) => describeReadFailure(text, error));
}
