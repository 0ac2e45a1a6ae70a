import { requestCancel } from '../connection/cancel-request';
import type { Lease } from './lease';
import { listenForAbort } from './listen-for-abort';

/** What is under way has so long to end, in milliseconds; then the connection is cut. */
const LIMIT_MS = 2_000;

/**
 * No statement is sent through the lease from now on, and none runs: the one that did was cancelled on the server, or its
 * connection was cut. Never rejects.
 */
async function interrupt(lease: Lease, reason: unknown): Promise<void> {
  lease.refuse(reason);
  if (!lease.isBusy) return;
  lease.client.dropQueued(reason);
  const timer = setTimeout(() => lease.client.cut(), LIMIT_MS);
  try {
    await requestCancel(lease.client, LIMIT_MS);
    await lease.idle();
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Settles as the work does, unless the signal ends it: then its statement is interrupted and this rejects with the reason.
 * What the statement came to all the same is not hidden: if it was faster than its cancellation, the result of the work
 * counts, and if the connection was lost over it, that is told. Of work that goes on to something else, statements that
 * were answered before stay done.
 */
export async function runInterruptibly<T>(
  lease: Lease,
  signal: AbortSignal,
  work: () => Promise<T> | T,
): Promise<T> {
  signal.throwIfAborted();
  let onAbort = (): void => {};
  const aborted = new Promise<typeof ABORTED>((resolve) => {
    onAbort = () => resolve(ABORTED);
  });
  listenForAbort(signal, onAbort);
  const working = (async () => work())();
  try {
    const first = await Promise.race([working, aborted]);
    if (first !== ABORTED) return first;
    await interrupt(lease, signal.reason);
    // Work that waits for nothing but its statement settles now; other work may go on, and has no connection any more.
    const second = await Promise.race([working, turn()]);
    if (second !== ABORTED) return second;
    throw signal.reason;
  } catch (error) {
    throw signal.aborted && lease.client.loss === undefined ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

const ABORTED = Symbol('aborted');

async function turn(): Promise<typeof ABORTED> {
  await new Promise((resolve) => setImmediate(resolve));
  return ABORTED;
}
