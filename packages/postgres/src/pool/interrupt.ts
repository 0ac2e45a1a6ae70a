import { listErrorChain } from '@holdfast/resilience';
import { requestCancel } from '../connection/cancel-request';
import { isWordOfServer } from '../statements/word-of-server';
import type { Lease } from './lease';

/** What is under way has so long to end, in milliseconds; then the connection is cut. */
const LIMIT_MS = 2_000;
/** Work has no connection any more so long after its end, in milliseconds: a cancel request, and what it cancels, take this at most. */
export const INTERRUPTED_WITHIN_MS = 2 * LIMIT_MS;

/** What ends work before it is done. */
export interface WorkEnd {
  /** Asks whether it has come. */
  readonly hasCome: boolean;
  readonly reason: unknown;
  /** Calls back once when it comes. */
  listen(onEnd: () => void): void;
  /** Nobody waits for it any more. */
  dismiss(): void;
}

/**
 * No statement is sent through the lease from now on, and none runs: the one that did was cancelled on the server, or its
 * connection was cut. Never rejects.
 */
async function interrupt(lease: Lease, reason: unknown): Promise<void> {
  lease.refuse(() => reason);
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
 * Settles as the work does, unless its end comes first: then its statement is interrupted and this rejects with the reason.
 * What the statement came to all the same is not hidden: if it was faster than its cancellation, the result of the work
 * counts, and if nobody knows, as where the connection or a pooler's server was lost over it, that is told. Of work that goes on to something else, statements that
 * were answered before stay done.
 */
export function runInterruptibly<T>(lease: Lease, end: WorkEnd, work: () => Promise<T> | T): Promise<T> {
  return new Promise((resolve, reject) => {
    if (end.hasCome) {
      reject(end.reason);
      return;
    }
    // Work may bring about its end before it has returned its promise.
    end.listen(() => resolve(interruptWork(lease, end.reason, () => working)));
    const working = startWork(work);
    working.then(
      (value) => !end.hasCome && resolve(value),
      (error: unknown) => !end.hasCome && reject(error),
    );
  });
}

async function interruptWork<T>(lease: Lease, reason: unknown, readWork: () => Promise<T>): Promise<T> {
  try {
    await interrupt(lease, reason);
    // Work that waits for nothing but its statement settles now; other work may go on, and has no connection any more.
    const settled = await Promise.race([readWork(), turn()]);
    if (settled !== STILL_RUNNING) return settled;
  } catch (error) {
    if (lease.client.isDoomed || !isProofOfEnd(error, reason)) throw error;
  }
  throw reason;
}

/** Whether the statement was not sent, or the server has said that it failed. */
function isProofOfEnd(error: unknown, reason: unknown): boolean {
  return listErrorChain(error).some((link) => link === reason || isWordOfServer(link));
}

function startWork<T>(work: () => Promise<T> | T): Promise<T> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return Promise.reject(error);
  }
}

const STILL_RUNNING: unique symbol = Symbol('still running');

async function turn(): Promise<typeof STILL_RUNNING> {
  await new Promise((resolve) => setImmediate(resolve));
  return STILL_RUNNING;
}
