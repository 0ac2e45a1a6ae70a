import type { PooledClient } from '../connection/pooled-client';
import type { RemovalReason } from '../events/postgres-events';

/**
 * Says why a client that is given back must be closed instead of pooled; undefined when it is fit for the next caller.
 *
 * - inside a transaction: the next statements would run in it, report success, and vanish with it;
 * - after a FATAL: its socket is about to close, and the next caller would fail by what befell this one;
 * - while a statement runs: the next caller would wait for it, and be in whatever transaction it begins;
 * - after a write was refused as read-only: the primary is elsewhere now.
 */
export function readUnfitness(client: PooledClient): RemovalReason | undefined {
  if (client.isDoomed) return 'lost';
  const status = client.getTransactionStatus();
  if (status === 'T' || status === 'E') return 'in-transaction';
  if (client.isBusy) return 'busy';
  return client.isReadOnly ? 'read-only' : undefined;
}
