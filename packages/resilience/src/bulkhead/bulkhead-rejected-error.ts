import { RejectedError } from '../errors/rejected-error';

/**
 * - `BULKHEAD_FULL`: every slot is taken and so is the queue.
 * - `BULKHEAD_WAIT_EXCEEDED`: no slot came free within `maxQueueWaitMs`.
 */
export type BulkheadRejectedCode = 'BULKHEAD_FULL' | 'BULKHEAD_WAIT_EXCEEDED';

/** A bulkhead or a concurrency limit had no slot. The operation was not run. */
export class BulkheadRejectedError extends RejectedError {
  override readonly name = 'BulkheadRejectedError';

  constructor(
    readonly code: BulkheadRejectedCode,
    /** The bulkhead's name, if it has one. */
    readonly bulkhead: string | undefined,
    /** Slots taken. */
    readonly active: number,
    /** Callers waiting. */
    readonly queued: number,
  ) {
    const which = bulkhead === undefined ? 'the bulkhead' : `bulkhead ${bulkhead}`;
    const what = code === 'BULKHEAD_FULL' ? 'has no slot and no place to wait' : 'had no slot for too long';
    super(`${which[0]?.toUpperCase()}${which.slice(1)} ${what}: ${active} running, ${queued} waiting`);
  }
}
