import type { DataSource } from 'typeorm';
import { openLogListener } from '../log/listener';
import { isBacklog } from './claim-events';
import { handleBatch } from './handle-batch';
import { handleLeased } from './handle-leased';
import { type EventWorkerOptions, requireWorkerOptions } from './worker-options';

/** What a worker has done when it ends. */
export interface EventWorkerReport {
  readonly done: number;
  /** Attempts that failed. */
  readonly failed: number;
}

/**
 * Hands events to their handlers, oldest first, until the signal aborts. Any number of workers share the events of a log.
 *
 * Within a stream events are handled in order of versions, one at a time: one that waits for another attempt holds back
 * those after it. One that has failed five times is a dead letter, and holds back nobody.
 *
 * Failures of the database do not end it: it tells the logger, waits, and goes on.
 *
 * @throws InvalidOptionError naming the option, the value and what is allowed.
 */
export async function runEventWorker(
  dataSource: DataSource,
  options: EventWorkerOptions,
): Promise<EventWorkerReport> {
  const settings = requireWorkerOptions(options);
  const { signal, pollMs, logger } = settings;
  const handle = settings.claims === 'lock' ? handleBatch : handleLeased;
  const listener = openLogListener(dataSource, { signal, logger });
  let done = 0;
  let failed = 0;
  try {
    while (!signal.aborted) {
      try {
        const batch = (await isBacklog(dataSource.manager)) ? await handle(dataSource, settings) : undefined;
        done += batch?.done ?? 0;
        failed += batch?.failed ?? 0;
        // Events that wait, or that others have, are no reason to look again at once.
        if (batch === undefined || batch.done + batch.failed === 0) await listener.wait(pollMs);
      } catch (error) {
        if (signal.aborted) break;
        logger?.error('A batch of events could not be handled', { error });
        await listener.wait(pollMs);
      }
    }
  } finally {
    await listener.close();
  }
  return { done, failed };
}
