import type { PooledClient } from '../connection/pooled-client';
import type { QueryCallback } from './pg-internals';
import { type NamedText, ReservedQuery } from './reserved-query';

/** Asks a question of ours, and calls back. The rows of the answer are arrays of texts. */
export function ask(
  client: PooledClient,
  statement: NamedText,
  values: readonly string[],
  callback: QueryCallback,
): void {
  const sent = client.statements === undefined ? { ...statement, name: '' } : statement;
  client.send(new ReservedQuery(sent, values, callback));
}
