import type { StructuredLogger } from '@holdfast/resilience';
import type { PoolClient } from 'pg';
import type { PooledClient } from './pooled-client';

/**
 * A client that is given back unfit for the next caller is closed instead of pooled:
 *
 * - inside a transaction: the next statements would run in it, report success, and vanish with it;
 * - after a FATAL: its socket is about to close, and the next caller would fail by what befell this one.
 */
export function guardRelease(client: PoolClient & PooledClient, logger: StructuredLogger | undefined): void {
  const release = client.release;
  client.release = (error) => {
    const reason = readUnfitness(client);
    if (reason && !error) logger?.warn('A connection was closed instead of pooled', { reason });
    release(error || reason !== undefined);
  };
}

function readUnfitness(client: PooledClient): 'fatal' | 'in-transaction' | undefined {
  if (client.isDoomed) return 'fatal';
  const status = client.getTransactionStatus();
  return status === 'T' || status === 'E' ? 'in-transaction' : undefined;
}
