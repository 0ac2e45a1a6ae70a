import type { DataSource, EntityManager } from 'typeorm';
import type { Event } from '../entities/event.entity';
import { claimByLocks, streamOf } from './claim-events';
import { markDone, markFailed } from './mark-events';
import type { WorkerSettings } from './worker-options';

/** What a batch came to. */
export interface BatchReport {
  readonly claimed: number;
  readonly done: number;
  readonly failed: number;
}

/**
 * Handles a batch in one transaction. An event that fails is undone alone, back to its savepoint; those after it in its stream are
 * left for later. If the process dies or the commit fails, nothing has happened.
 */
export function handleBatch(dataSource: DataSource, settings: WorkerSettings): Promise<BatchReport> {
  return dataSource.transaction('READ COMMITTED', async (manager) => {
    const claimed = await claimByLocks(manager, settings.batchSize);
    const held = new Set<string>();
    const done: Event[] = [];
    let failed = 0;
    for (const { event, isWaiting } of claimed) {
      if (settings.signal.aborted) break;
      const stream = streamOf(event);
      if (isWaiting) held.add(stream);
      if (held.has(stream)) continue;
      const failure = await handleAlone(manager, event, settings);
      if (failure === undefined) {
        done.push(event);
        continue;
      }
      failed += 1;
      held.add(stream);
      await noteFailure(manager, event, failure.error, settings);
    }
    await markDone(manager, done);
    return { claimed: claimed.length, done: done.length, failed };
  });
}

/** Counts a failed attempt at an event, and says so. */
export async function noteFailure(
  manager: EntityManager,
  event: Event,
  error: unknown,
  { backoff, logger }: WorkerSettings,
): Promise<void> {
  const delayMs = backoff.drawDelayMs(event.retryCount + 1, undefined, Math.random);
  const { attempts, isDeadLetter } = await markFailed(manager, event, { error, delayMs });
  const fields = { eventId: event.id, eventType: event.eventType, attempts, error };
  if (isDeadLetter) logger?.error('An event was given up on', fields);
  else logger?.warn('An event could not be handled, and is tried again', { ...fields, delayMs });
}

/** Why the handler failed, or undefined; in both cases the transaction goes on. */
async function handleAlone(
  manager: EntityManager,
  event: Event,
  { handlers, signal }: WorkerSettings,
): Promise<{ readonly error: unknown } | undefined> {
  const handler = Object.hasOwn(handlers, event.eventType) ? handlers[event.eventType] : undefined;
  if (handler === undefined) return undefined;
  await manager.query('savepoint holdfast_event');
  try {
    await handler(event, { manager, idempotencyKey: event.id, attempt: event.retryCount + 1, signal });
    // Fails, as the event does, if the handler has swallowed the failure of a statement.
    await manager.query('release savepoint holdfast_event');
    return undefined;
  } catch (error) {
    // With the connection lost this fails too, and the batch with it.
    await manager.query('rollback to savepoint holdfast_event');
    return { error };
  }
}
