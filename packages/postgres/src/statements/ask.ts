import type { QueryResult } from 'pg';
import type { PooledClient } from '../connection/pooled-client';
import type { QueryCallback } from './pg-internals';
import { type NamedText, ReservedQuery } from './reserved-query';

/** Asks a question of ours. The rows of the answer are arrays of texts. */
export function ask(client: PooledClient, statement: NamedText, values: string[]): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    askBack(client, statement, values, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

/**
 * As `ask`, and calls back.
 *
 * node-postgres makes a slow object of what it is given, unless it is given a query.
 */
export function askBack(
  client: PooledClient,
  statement: NamedText,
  values: string[],
  callback: QueryCallback,
): void {
  const sent = client.statements === undefined ? { ...statement, name: '' } : statement;
  client.query(new ReservedQuery(sent, values, callback));
}
