import type { DataSource, EntityManager } from 'typeorm';
import type { Event } from '../entities/event.entity';
import { newId } from '../new-id';
import { claimByLeases } from './claim-events';
import { handlerOf } from './event-handler';
import type { EventKey } from './event-key';
import { type BatchReport, noteFailure } from './handle-batch';
import { type KeptLeases, keepLeases } from './leases';
import { markDone } from './mark-events';
import type { WorkerSettings } from './worker-options';

/**
 * Handles a batch of events that are held by leases. Handlers run outside of a transaction; each event is marked afterwards, if its
 * lease still holds. After the end of a process its events are handed out again once their leases are over.
 */
export async function handleLeased(dataSource: DataSource, settings: WorkerSettings): Promise<BatchReport> {
  const { batchSize, leaseMs } = settings;
  const token = newId();
  const events = await claimByLeases(dataSource.manager, batchSize, { token, leaseMs });
  if (events.length === 0) return { claimed: 0, done: 0, failed: 0 };
  const leases = keepLeases(dataSource, events, token, settings);
  let done = 0;
  let failed = 0;
  try {
    for (const event of events) {
      if (leases.signal.aborted) break;
      const outcome = await handle(dataSource, event, { token, leases, settings });
      if (outcome === 'done') done += 1;
      if (outcome === 'failed') failed += 1;
    }
  } finally {
    await leases.close();
  }
  return { claimed: events.length, done, failed };
}

type Outcome = 'done' | 'failed' | 'lost';

async function handle(
  dataSource: DataSource,
  event: Event,
  {
    token,
    leases,
    settings,
  }: { readonly token: string; readonly leases: KeptLeases; readonly settings: WorkerSettings },
): Promise<Outcome> {
  try {
    await leases.hold(event, async () => {
      await handlerOf(event, settings)?.(event, {
        manager: dataSource.manager,
        idempotencyKey: event.id,
        attempt: event.retryCount + 1,
        signal: leases.signal,
      });
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
