import { type EntityManager, QueryFailedError } from 'typeorm';
import { ForeignDataSourceError } from '../data-source/pool-registry';
import { readLease } from '../pool/lease';
import type { RowReader } from '../statements/row-reader';
import { AnswerMismatchError } from './answer-mismatch-error';

/** What of TypeORM's driver is used: a connection, and what gives it back. */
interface ConnectionSource {
  obtainMasterConnection(): Promise<[object, () => void]>;
  /** Of a replica, where there are any. */
  obtainSlaveConnection(): Promise<[object, () => void]>;
}

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
 * @throws QueryFailedError without parameters; AnswerMismatchError; ForeignDataSourceError.
 */
export async function readRows<Row>(manager: EntityManager, statement: ReadStatement): Promise<Row[]> {
  const { queryRunner } = manager;
  if (queryRunner) return readOn(await queryRunner.connect(), statement);
  const driver = manager.dataSource.driver as unknown as ConnectionSource;
  const [connection, release] = await (statement.isRead
    ? driver.obtainSlaveConnection()
    : driver.obtainMasterConnection());
  try {
    return await readOn(connection, statement);
  } finally {
    release();
  }
}

async function readOn<Row>(connection: object, { text, values, reader }: ReadStatement): Promise<Row[]> {
  const lease = readLease(connection);
  if (lease === undefined) throw new ForeignDataSourceError();
  try {
    const { rows } = await lease.read(text, values, reader);
    return rows as Row[];
  } catch (error) {
    // Its own: nothing has failed that the server did.
    if (error instanceof AnswerMismatchError) throw error;
    throw new QueryFailedError(text, [], error as Error);
  }
}
