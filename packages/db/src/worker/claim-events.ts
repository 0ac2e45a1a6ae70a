import { createRepository } from '@holdfast/postgres';
import type { EntityManager } from 'typeorm';
import { Event } from '../entities/event.entity';
import { type EventKey, keyArrays, renderKey } from './event-key';
import { releaseLeases } from './leases';

/** An event to handle. */
export interface ClaimedEvent {
  readonly event: Event;
  /** It waits for another attempt, and those after it in its stream wait with it. */
  readonly isWaiting: boolean;
}

/** Whether any event waits for a worker, be it for another attempt. One statement; of an idle log it reads a page or two. */
export async function isBacklog(manager: EntityManager): Promise<boolean> {
  const rows = await manager.query<unknown[]>(
    'select from events e where e.processed = false and e.retry_count < 5 order by e.created_at limit 1',
  );
  return rows.length > 0;
}

/**
 * Claims events for the transaction: the oldest ones that are next in their streams, by row locks, and what follows them in those
 * streams, up to the number wanted. Nobody else is given the latter as long as the former are not done.
 */
export async function claimByLocks(manager: EntityManager, wanted: number): Promise<readonly ClaimedEvent[]> {
  const heads = await claimHeads(manager, wanted, (window) =>
    manager.query<EventKey[]>(`${selectHeads()} for update of e skip locked`, [window, wanted]),
  );
  return readRuns(manager, heads, wanted);
}

/** As by locks, but the claim is noted in the table of leases under the token, and has events that are next in their streams only. */
export async function claimByLeases(
  manager: EntityManager,
  wanted: number,
  { token, leaseMs }: { readonly token: string; readonly leaseMs: number },
): Promise<readonly Event[]> {
  const heads = await claimHeads(manager, wanted, (window) =>
    manager.query<EventKey[]>(LEASE_HEADS, [window, wanted, token, leaseMs]),
  );
  const events = (await readRuns(manager, heads, heads.length, 1)).map(({ event }) => event);
  // Another worker has finished the others meanwhile, and what it noted of them is gone.
  if (events.length < heads.length) await releaseLeases(manager, subtract(heads, events), token);
  return events;
}

function subtract(keys: readonly EventKey[], others: readonly EventKey[]): readonly EventKey[] {
  const known = new Set(others.map(renderKey));
  return keys.filter((key) => !known.has(renderKey(key)));
}

/**
 * Looks among the oldest events of the backlog, and further only if it finds none there: they may all be behind a few that
 * wait or that others have.
 */
async function claimHeads(
  manager: EntityManager,
  wanted: number,
  claim: (window: number) => Promise<readonly EventKey[]>,
): Promise<readonly EventKey[]> {
  for (let window = 4 * wanted; ; window *= 8) {
    const heads = await claim(window);
    if (heads.length > 0) return heads;
    const [row] = await manager.query<[{ n: number }]>(COUNT_BACKLOG, [window + 1]);
    if (row.n <= window) return [];
  }
}

// The one before in the stream is done, or given up on. So are those before it, but for one that was given up on and is replayed.
const selectHeads = (): string => `
  with oldest as materialized (
    select b.aggregate_type, b.aggregate_id, b.aggregate_version
    from events b
    where b.processed = false and b.retry_count < 5
    order by b.created_at
    limit $1::integer
  )
  select
    e.aggregate_type as "aggregateType", e.aggregate_id as "aggregateId", e.aggregate_version as "aggregateVersion"
  from oldest o
  join events e using (aggregate_type, aggregate_id, aggregate_version)
  where e.processed = false and e.retry_count < 5
    and not exists (
      select from events p
      where p.aggregate_type = e.aggregate_type and p.aggregate_id = e.aggregate_id
        and p.aggregate_version = e.aggregate_version - 1
        and p.processed = false and p.retry_count < 5
    )
    and not exists (
      select from event_leases l
      where l.aggregate_type = e.aggregate_type and l.aggregate_id = e.aggregate_id
        and l.aggregate_version = e.aggregate_version
        and greatest(l.not_before, l.lease_until) > now()
    )
  order by e.created_at, e.global_position
  limit $2::integer`;

const LEASE_HEADS = `
  insert into event_leases as mine (aggregate_type, aggregate_id, aggregate_version, token, lease_until)
  select h."aggregateType", h."aggregateId", h."aggregateVersion", $3::uuid, now() + $4::float8 * interval '1 ms'
  from (${selectHeads()}) h
  order by 1, 2, 3
  on conflict (aggregate_type, aggregate_id, aggregate_version) do update
  set token = excluded.token, lease_until = excluded.lease_until, not_before = null
  where coalesce(greatest(mine.not_before, mine.lease_until) <= now(), true)
  returning
    aggregate_type as "aggregateType", aggregate_id as "aggregateId", aggregate_version as "aggregateVersion"`;

const COUNT_BACKLOG = `
  select count(*)::integer as n
  from (
    select from events b where b.processed = false and b.retry_count < 5 order by b.created_at limit $1::integer
  ) b`;

/**
 * The events of those keys and what follows each without a gap, streams one after the other. Behind a gap, which is done or given up
 * on, begins what is claimed by itself.
 */
async function readRuns(
  manager: EntityManager,
  heads: readonly EventKey[],
  wanted: number,
  longest = Math.ceil(wanted / Math.max(1, heads.length)),
): Promise<readonly ClaimedEvent[]> {
  if (heads.length === 0) return [];
  const events = createRepository(manager, Event);
  const rows = await events.queryRows<{ isWaiting: boolean }>(
    `select r.*
    from unnest($1::text[], $2::uuid[], $3::integer[]) as h (aggregate_type, aggregate_id, aggregate_version)
    cross join lateral (
      select
        ${events.columnsOf('e')},
        row_number() over (order by e.aggregate_version) - 1 as at,
        exists (
          select from event_leases l
          where l.aggregate_type = e.aggregate_type and l.aggregate_id = e.aggregate_id
            and l.aggregate_version = e.aggregate_version and l.not_before > now()
        ) as "isWaiting"
      from events e
      where e.aggregate_type = h.aggregate_type and e.aggregate_id = h.aggregate_id
        and e.aggregate_version >= h.aggregate_version
        and e.processed = false and e.retry_count < 5
      order by e.aggregate_version
      limit $4::integer
    ) r
    where r.aggregate_version - h.aggregate_version = r.at
    order by r.aggregate_type, r.aggregate_id, r.aggregate_version`,
    [...keyArrays(heads), longest],
  );
  return rows.flatMap(({ entity: event, rest: { isWaiting } }) =>
    event === null ? [] : { event, isWaiting },
  );
}
