import type { DataSource, EntityManager } from 'typeorm';
import { type EventKey, isOneOf, keyArrays, renderKey } from './event-key';
import type { WorkerSettings } from './worker-options';

/** Leases of a batch, while it is handled. */
export interface KeptLeases {
  /** Aborts with the worker's, and when the lease of the event in hand has been lost, or may have been. */
  readonly signal: AbortSignal;
  /** Does the work, during which the event is in hand. */
  hold(event: EventKey, work: () => Promise<void>): Promise<void>;
  /** Nothing is renewed any more; what was not handled is free at once. */
  close(): Promise<void>;
}

/** Renews the leases of the events three times as often as they would end. */
export function keepLeases(
  dataSource: DataSource,
  events: readonly EventKey[],
  token: string,
  { leaseMs, signal }: Pick<WorkerSettings, 'leaseMs' | 'signal'>,
): KeptLeases {
  const lost = new AbortController();
  const lose = (): void => lost.abort(new Error('the lease of the event was lost'));
  let inHand: EventKey | undefined;
  let renewing: Promise<void> | undefined;
  let renewedMs = performance.now();
  const renew = async (): Promise<void> => {
    const askedMs = performance.now();
    const asked = inHand;
    try {
      const held = await renewLeases(dataSource.manager, events, { token, leaseMs });
      renewedMs = askedMs;
      // Someone else has it, as after a pause of this process that was longer than the lease.
      if (asked !== undefined && asked === inHand && !held.has(renderKey(asked))) lose();
    } catch {
      // Perhaps it succeeds next time, while there is time.
    }
    renewing = undefined;
  };
  const timer = setInterval(() => {
    if (performance.now() - renewedMs > leaseMs) lose();
    renewing ??= renew();
  }, leaseMs / 3);
  return {
    signal: AbortSignal.any([signal, lost.signal]),
    async hold(event, work) {
      inHand = event;
      try {
        await work();
      } finally {
        inHand = undefined;
      }
    },
    async close() {
      clearInterval(timer);
      await renewing;
      await releaseLeases(dataSource.manager, events, token);
    },
  };
}

/** Those of the events whose leases have the token are held for longer; gives the keys of these. */
async function renewLeases(
  manager: EntityManager,
  events: readonly EventKey[],
  { token, leaseMs }: { readonly token: string; readonly leaseMs: number },
): Promise<ReadonlySet<string>> {
  const [rows] = await manager.query<[EventKey[], number]>(
    `update event_leases l set lease_until = now() + $5::float8 * interval '1 ms'
    where ${isOneOf('l')} and l.token = $4::uuid
    returning
      aggregate_type as "aggregateType", aggregate_id as "aggregateId", aggregate_version as "aggregateVersion"`,
    [...keyArrays(events), token, leaseMs],
  );
  return new Set(rows.map(renderKey));
}

/** Those of the events whose leases have the token are free. */
export async function releaseLeases(
  manager: EntityManager,
  events: readonly EventKey[],
  token: string,
): Promise<void> {
  await manager.query(`delete from event_leases l where ${isOneOf('l')} and l.token = $4::uuid`, [
    ...keyArrays(events),
    token,
  ]);
}
