import type { DataSource } from 'typeorm';
import { requirePool } from '../data-source/pool-registry';
import { INTERRUPTED_WITHIN_MS } from '../pool/interrupt';
import { type Lease, readLease } from '../pool/lease';

/**
 * Lends a connection of the primary's pool.
 * @param remainingMs How long it may take, and then be held; Infinity: as the pool says.
 * @param above Whose callers are of interest where leaks are watched.
 * @param sinceMs Since when it is waited for, on the clock of `performance`: the pool's limit and the place in line count from then. Default: now.
 */
export async function acquireLease(
  dataSource: DataSource,
  remainingMs: number,
  above: (...args: never[]) => unknown,
  sinceMs?: number,
): Promise<Lease> {
  const bounds = Number.isFinite(remainingMs)
    ? { remainingMs, heldForMs: remainingMs + INTERRUPTED_WITHIN_MS }
    : {};
  const client = await requirePool(dataSource).acquire({ ...bounds, sinceMs, above });
  return readLease(client) as Lease;
}
