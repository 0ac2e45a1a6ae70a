import { performance } from 'node:perf_hooks';
import type { PooledClient } from '../connection/pooled-client';

/** A living server answers an empty query at once; one that takes longer is as good as gone, at the cost of one opening. */
const LIMIT_MS = 2_000;

/** Asks a connection that has rested for a sign of life, in bounded time; one that gives none is cut. Never rejects. */
export async function validateConnection(client: PooledClient, remainingMs: number): Promise<boolean> {
  const timer = setTimeout(() => client.cut(), Math.min(LIMIT_MS, Math.max(1, remainingMs)));
  try {
    await client.query('');
    return true;
  } catch {
    client.cut();
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a connection has rested for so long that it must be asked before anybody gets it. */
export function needsValidation(idleSinceMs: number | undefined, validateAfterMs: number): boolean {
  return idleSinceMs !== undefined && performance.now() - idleSinceMs >= validateAfterMs;
}
