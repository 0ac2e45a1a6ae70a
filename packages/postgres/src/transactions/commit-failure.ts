import { listErrorChain } from '@holdfast/resilience';
import { tagPhase } from '@holdfast/resilience/postgres';
import pg from 'pg';
import { QueryFailedError } from 'typeorm';
import { ConnectionLostError } from '../connection/connection-lost-error';
import type { PooledClient } from '../connection/pooled-client';
import { TransactionAbortedError } from './transaction-aborted-error';

/** A COMMIT that was not applied, as a failure before it: the work may run again in a new transaction. */
export function describeAbort(cause: unknown): Error {
  const code = listErrorChain(cause).map((link) => (link as { code?: unknown }).code);
  const known = code.find((value) => typeof value === 'string');
  return tagPhase(new ConnectionLostError(known ?? '08006', undefined), 'in-transaction');
}

/**
 * Whether the server has refused the COMMIT: then nothing was applied. It has when it went on afterwards; the end of the
 * session refuses nothing.
 */
export async function isRefusal(error: unknown, client: PooledClient): Promise<boolean> {
  const links = listErrorChain(error);
  if (links.some((link) => link instanceof TransactionAbortedError)) return true;
  return links.some((link) => link instanceof pg.DatabaseError) && (await client.isAnswered());
}

/**
 * What TypeORM has wrapped into a failed COMMIT. The wrapper names the statement, and whoever reads it takes COMMIT for
 * sent, which it was not.
 */
export function unwrapUnsent(error: unknown): unknown {
  return error instanceof QueryFailedError ? error.driverError : error;
}

/** The transaction that had failed before, where that is what COMMIT was refused for; else the error. */
export function unwrapAbort(error: unknown): unknown {
  return listErrorChain(error).find((link) => link instanceof TransactionAbortedError) ?? error;
}

/** Whether a statement was cancelled: on request, or because its time was over. */
export function isCancellation(error: unknown): boolean {
  return listErrorChain(error).some((link) => link instanceof pg.DatabaseError && link.code === '57014');
}
