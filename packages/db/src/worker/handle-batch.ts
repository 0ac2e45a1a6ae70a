import { watchStatements } from '@holdfast/postgres';
import { MAX_TIMER_MS } from '@holdfast/resilience';
import type { DataSource, EntityManager } from 'typeorm';
import type { Event } from '../entities/event.entity';
import { claimByLocks } from './claim-events';
import { type EventHandler, handlerOf } from './event-handler';
import { streamOf } from './event-key';
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
 * left for later. If the process dies, nothing has happened.
 *
 * What a handler does may also undo the whole transaction, as a constraint that is checked at the commit does. Then as many events are
 * handled in transactions of their own, and the one to blame is known: its attempt is counted.
 */
export async function handleBatch(dataSource: DataSource, settings: WorkerSettings): Promise<BatchReport> {
  const begun: Event[] = [];
  try {
    return await handleTogether(dataSource, settings, begun);
  } catch (error) {
    const [event] = begun;
    if (event === undefined) throw error;
    if (begun.length > 1) return handleApart(dataSource, settings, begun.length);
    // Where this fails too it is the database that has to be waited for, as the first failure says.
    await dataSource
      .transaction((manager) => noteFailure(manager, event, error, settings))
      .catch(() => Promise.reject(error));
    return { claimed: 1, done: 0, failed: 1 };
  }
}

async function handleApart(
  dataSource: DataSource,
  settings: WorkerSettings,
  count: number,
): Promise<BatchReport> {
  let report: BatchReport = { claimed: 0, done: 0, failed: 0 };
  for (let n = 0; n < count && !settings.signal.aborted; n++) {
    const { claimed, done, failed } = await handleBatch(dataSource, { ...settings, batchSize: 1 });
    report = {
      claimed: report.claimed + claimed,
      done: report.done + done,
      failed: report.failed + failed,
    };
  }
  return report;
}

/** @param begun Is told of the events that were handed to their handlers. */
function handleTogether(
  dataSource: DataSource,
  settings: WorkerSettings,
  begun: Event[],
): Promise<BatchReport> {
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
      begun.push(event);
      const { failure, hasSet } = await watchSettings(manager, () => handleAlone(manager, event, settings));
      if (failure === undefined) {
        done.push(event);
        // The next handler must not run as somebody else, or for another tenant. What failed has been taken back.
        if (hasSet) break;
        continue;
      }
      failed += 1;
      held.add(stream);
      await noteFailure(manager, event, failure.error, settings);
    }
    const marked = await markDone(manager, done);
    if (marked < done.length) throw new Error(`${done.length - marked} events were marked as done by others`);
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
  const drawnMs = backoff.drawDelayMs(event.retryCount + 1, undefined, Math.random);
  // One that is no number, or that no time can be added to, would undo the batch again and again.
  const delayMs = Math.min(Math.max(drawnMs || 0, 0), MAX_TIMER_MS);
  const mark = await markFailed(manager, event, { error, delayMs });
  if (mark === undefined) return;
  const { attempts, isDeadLetter } = mark;
  const fields = { eventId: event.id, eventType: event.eventType, attempts, error };
  if (isDeadLetter) logger?.error('An event was given up on', fields);
  else logger?.warn('An event could not be handled, and is tried again', { ...fields, delayMs });
}

/** Runs work, and says whether a statement of it may have set something for the rest of the transaction. */
async function watchSettings(
  manager: EntityManager,
  work: () => Promise<Failure | undefined>,
): Promise<{ readonly failure: Failure | undefined; readonly hasSet: boolean }> {
  const { queryRunner } = manager;
  if (queryRunner === undefined) throw new Error('the batch has no connection of its own');
  let hasSet = false;
  const endWatch = watchStatements(queryRunner, (text) => {
    if (SETS.test(text)) hasSet = true;
  });
  try {
    return { failure: await work(), hasSet };
  } finally {
    endWatch();
  }
}

/** A statement that sets something, also behind a comment or another statement; rather one too many than one too few. */
const SETS = /(?:^|;|\*\/|\n)\s*(?:re)?set\b|\bset_config\b/i;

interface Failure {
  readonly error: unknown;
}

/** Why the handler failed, or undefined; in both cases the transaction goes on. */
async function handleAlone(
  manager: EntityManager,
  event: Event,
  settings: WorkerSettings,
): Promise<Failure | undefined> {
  const { signal } = settings;
  let handler: EventHandler | undefined;
  try {
    handler = handlerOf(event, settings);
  } catch (error) {
    return { error };
  }
  if (handler === undefined) return undefined;
  await manager.query('savepoint holdfast_event');
  try {
    const context = { manager, idempotencyKey: event.id, attempt: event.retryCount + 1, signal };
    await handler(event, context);
    // Fails, as the event does, if the handler has swallowed the failure of a statement.
    await manager.query('release savepoint holdfast_event');
    return undefined;
  } catch (error) {
    // With the connection lost this fails too, and the batch with it.
    await manager.query('rollback to savepoint holdfast_event');
    return { error };
  }
}
