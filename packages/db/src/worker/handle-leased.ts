import type { DataSource, EntityManager } from 'typeorm';
import type { Event } from '../entities/event.entity';
import { newId } from '../new-id';
import { claimByLeases, type EventKey } from './claim-events';
import { type BatchReport, noteFailure } from './handle-batch';
import { markDone } from './mark-events';
import type { WorkerSettings } from './worker-options';

/**
 * Handles a batch of events that are held by leases. Handlers run outside of a transaction; each event is marked afterwards, if its
 * lease still holds. After the end of a process its events are handed out again once their leases are over.
 */
export async function handleLeased(dataSource: DataSource, settings: WorkerSettings): Promise<BatchReport> {
  const { batchSize, leaseMs, signal } = settings;
  const token = newId();
  const events = await claimByLeases(dataSource.manager, batchSize, { token, leaseMs });
  if (events.length === 0) return { claimed: 0, done: 0, failed: 0 };
  const lease = keepLeases(dataSource, token, settings);
  let done = 0;
  let failed = 0;
  try {
    for (const event of events) {
      if (signal.aborted || lease.signal.aborted) break;
      const outcome = await handle(dataSource, event, token, { ...settings, signal: lease.signal });
      if (outcome === 'done') done += 1;
      if (outcome === 'failed') failed += 1;
    }
  } finally {
    await lease.close();
    // What was not begun is free at once.
    await dataSource.query('delete from event_leases where token = $1::uuid and not_before is null', [token]);
  }
  return { claimed: events.length, done, failed };
}

type Outcome = 'done' | 'failed' | 'lost';

async function handle(
  dataSource: DataSource,
  event: Event,
  token: string,
  settings: WorkerSettings,
): Promise<Outcome> {
  const { handlers, signal } = settings;
  const handler = Object.hasOwn(handlers, event.eventType) ? handlers[event.eventType] : undefined;
  try {
    await handler?.(event, {
      manager: dataSource.manager,
      idempotencyKey: event.id,
      attempt: event.retryCount + 1,
      signal,
    });
  } catch (error) {
    return inLease(dataSource, event, token, async (manager) => {
      await noteFailure(manager, event, error, settings);
      return 'failed';
    });
  }
  return inLease(dataSource, event, token, async (manager) => {
    await markDone(manager, [event]);
    return 'done';
  });
}

/** Marks the event in a transaction that holds its lease, if it is still ours and the event is not done. */
function inLease(
  dataSource: DataSource,
  key: EventKey,
  token: string,
  mark: (manager: EntityManager) => Promise<Outcome>,
): Promise<Outcome> {
  return dataSource.transaction('READ COMMITTED', async (manager) => {
    const held = await manager.query<unknown[]>(
      `select
      from event_leases l
      join events e using (aggregate_type, aggregate_id, aggregate_version)
      where l.aggregate_type = $1 and l.aggregate_id = $2 and l.aggregate_version = $3
        and l.token = $4::uuid and e.processed = false
      for update of l, e`,
      [key.aggregateType, key.aggregateId, key.aggregateVersion, token],
    );
    return held.length === 0 ? 'lost' : mark(manager);
  });
}

/** Renews the leases until it is closed; its signal aborts with the worker's, and when they cannot be renewed in time. */
function keepLeases(dataSource: DataSource, token: string, { leaseMs, signal }: WorkerSettings) {
  const lost = new AbortController();
  let renewing: Promise<void> = Promise.resolve();
  let renewedMs = performance.now();
  const renew = async (): Promise<void> => {
    const askedMs = performance.now();
    try {
      await dataSource.query(
        `update event_leases set lease_until = now() + $2::float8 * interval '1 ms' where token = $1::uuid`,
        [token, leaseMs],
      );
      renewedMs = askedMs;
    } catch (error) {
      if (performance.now() - renewedMs > leaseMs) lost.abort(error);
    }
  };
  const timer = setInterval(() => {
    renewing = renewing.then(renew);
  }, leaseMs / 3);
  return {
    signal: AbortSignal.any([signal, lost.signal]),
    async close() {
      clearInterval(timer);
      await renewing;
    },
  };
}
