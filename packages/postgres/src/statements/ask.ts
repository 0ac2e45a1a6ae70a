import type { QueryResult } from 'pg';
import type { PooledClient } from '../connection/pooled-client';
import { Query, type QueryCallback } from './pg-internals';
import { type NamedText, ReservedQuery } from './reserved-query';

/**
 * Asks a question of ours. node-postgres makes a slow object of what it is given, unless it is given a query.
 */
export function ask(client: PooledClient, statement: NamedText, values: unknown[]): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    const settle: QueryCallback = (error, result) => (error ? reject(error) : resolve(result));
    const isNamed = client.statements !== undefined;
    client.query(
      isNamed ? new ReservedQuery(statement, values, settle) : new Query(statement.text, values, settle),
    );
  });
}
