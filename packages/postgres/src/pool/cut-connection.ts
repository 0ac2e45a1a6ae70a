import { performance } from 'node:perf_hooks';
import type { PooledClient } from '../connection/pooled-client';
import type { Lease } from './lease';
import type { OpenSockets } from './open-sockets';
import { readOperation } from './statement-text';

/** A connection that was cut because its pool closed. */
export interface CutConnection {
  /** How long its caller had held it, in milliseconds. Undefined when it was idle and did not say goodbye in time. */
  readonly heldMs: number | undefined;
  /** First word of the statement that ran on it, as in `SELECT`. Undefined when none did. */
  readonly operation: string | undefined;
}

/** Every socket is closed within the limit; resolves with what had to be cut for that. */
export async function closeSockets(
  sockets: OpenSockets,
  limitMs: number,
  findLease: (client: PooledClient) => Lease | undefined,
): Promise<readonly CutConnection[]> {
  const cut: CutConnection[] = [];
  await sockets.closeWithin(limitMs, (client) => cut.push(describeCut(client, findLease(client))));
  return cut;
}

/** Describes a connection that is about to be cut; the cut makes its client forget what it does. */
function describeCut(client: PooledClient, lease: Lease | undefined): CutConnection {
  const text = (client as unknown as ClientInternals)._getActiveQuery?.()?.text;
  return {
    heldMs: lease && performance.now() - lease.acquiredAtMs,
    operation: typeof text === 'string' ? readOperation(text) || undefined : undefined,
  };
}

/** What node-postgres has and does not show in its types. Cursors and copy streams have a text as well. */
interface ClientInternals {
  readonly _getActiveQuery?: () => { readonly text?: unknown } | null;
}
