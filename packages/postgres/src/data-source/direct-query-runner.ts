import type { QueryResult as Answer, PoolClient } from 'pg';
import { QueryFailedError, QueryResult } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver';
import { PostgresQueryRunner } from 'typeorm/driver/postgres/PostgresQueryRunner';
import { type Lease, readLease } from '../pool/lease';
import { hearsStatements, sendHeard } from '../repository/heard-statement';
import { obtainConnection } from './obtain-connection';

/** TypeORM's query runner, without the dozen of promises that it takes to tell nobody of a statement. */
class DirectQueryRunner extends PostgresQueryRunner {
  /** What stands behind its connection, which is a proxy. */
  #lease: Lease | undefined;

  override connect(): Promise<PoolClient> {
    const isBegun = this.databaseConnection !== undefined || this.databaseConnectionPromise !== undefined;
    if (isBegun || (this.mode === 'slave' && this.driver.isReplicated)) return super.connect();
    const connected = obtainConnection(this.driver, false).then((client) => {
      this.driver.connectedQueryRunners.push(this);
      this.databaseConnection = client;
      this.#lease = readLease(client);
      // Its loss is told to whoever sends the next statement.
      this.releaseCallback = (failure?: Error) => client.release(failure);
      return client;
    });
    this.databaseConnectionPromise = connected;
    return connected;
  }

  // biome-ignore lint/suspicious/noExplicitAny: as TypeORM declares it.
  override async query(text: string, parameters?: any, useStructuredResult = false): Promise<any> {
    const isOdd = this.isReleased || (parameters !== undefined && !Array.isArray(parameters));
    if (isOdd || hearsStatements(this.dataSource)) return super.query(text, parameters, useStructuredResult);
    const connection: PoolClient = this.databaseConnection ?? (await this.connect());
    const sender = this.#lease ?? connection;
    const statement = { dataSource: this.dataSource, runner: this, text, values: parameters };
    const answer: Answer = await sendHeard(
      statement,
      () => sender.query(text, parameters) as Promise<Answer>,
      (error) => new QueryFailedError(text, parameters, error as Error),
    );
    return useStructuredResult ? structure(answer) : readRaw(answer);
  }
}

/** Query runners of the driver take this way. */
export function directQueryRunners(driver: PostgresDriver): void {
  driver.createQueryRunner = (mode) => new DirectQueryRunner(driver, mode);
}

function structure(answer: Answer): QueryResult {
  const result = new QueryResult();
  if ('rows' in answer) result.records = answer.rows;
  if ('rowCount' in answer) result.affected = answer.rowCount as number;
  result.raw = readRaw(answer);
  return result;
}

/** What TypeORM makes of an answer. That of several statements is a list, which has none. */
function readRaw({ command, rows, rowCount }: Answer): unknown {
  return command === 'UPDATE' || command === 'DELETE' ? [rows, rowCount] : rows;
}
