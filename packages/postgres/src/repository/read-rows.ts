import { type EntityManager, QueryFailedError } from 'typeorm';
import { ForeignDataSourceError } from '../data-source/pool-registry';
import { readLease } from '../pool/lease';
import type { RowReader } from '../statements/row-reader';
import { AnswerMismatchError } from './answer-mismatch-error';

/** What of TypeORM's driver is used: a connection, and what gives it back. */
interface ConnectionSource {
  obtainSlaveConnection(): Promise<[object, () => void]>;
}

/**
 * Runs one statement on the manager's own connection, or on one that is given back afterwards, and resolves with its rows as they are read.
 * @throws QueryFailedError without parameters; AnswerMismatchError; ForeignDataSourceError.
 */
export async function readRows<Row>(
  manager: EntityManager,
  text: string,
  values: readonly unknown[],
  reader: RowReader,
): Promise<Row[]> {
  const { queryRunner } = manager;
  if (queryRunner) return readOn(await queryRunner.connect(), text, values, reader);
  const driver = manager.dataSource.driver as unknown as ConnectionSource;
  const [connection, release] = await driver.obtainSlaveConnection();
  try {
    return await readOn(connection, text, values, reader);
  } finally {
    release();
  }
}

async function readOn<Row>(
  connection: object,
  text: string,
  values: readonly unknown[],
  reader: RowReader,
): Promise<Row[]> {
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
