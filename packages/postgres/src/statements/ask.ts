import type { QueryResult } from 'pg';
import type { PooledClient } from '../connection/pooled-client';
import { type NamedText, ReservedQuery } from './reserved-query';

/**
 * Asks a question of ours. The rows of the answer are arrays of texts.
 *
 * node-postgres makes a slow object of what it is given, unless it is given a query.
 */
export function ask(client: PooledClient, statement: NamedText, values: string[]): Promise<QueryResult> {
  const sent = client.statements === undefined ? { ...statement, name: '' } : statement;
  return new Promise((resolve, reject) => {
    client.query(
      new ReservedQuery(sent, values, (error, result) => (error ? reject(error) : resolve(result))),
    );
  });
}
