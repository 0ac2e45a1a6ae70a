import type { EntityManager } from 'typeorm';
import type { Event } from '../entities/event.entity';
import { MAX_PAGE_LIMIT } from './limit';

/** What workers have handled of one type for an organization. */
export interface ActivityOfType {
  readonly eventType: string;
  /** How many, as digits. */
  readonly events: string;
  /** Of the last of them in the log, as digits. */
  readonly lastPosition: string;
  /** The latest time that any of them has. */
  readonly lastEventAt: Date;
}

/** Questions about what organizations do, and how the answers come about. */
export class OrganizationActivityRepository {
  readonly #manager: EntityManager;

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  /**
   * Counts an event, if it belongs to an organization. Each call counts, so it stands in the transaction that marks the event as done.
   * Index: organization_activity_pkey.
   */
  async count({ organizationId, eventType, globalPosition, eventTimestamp }: CountedEvent): Promise<void> {
    if (organizationId === null) return;
    await this.#manager.query(COUNT, [organizationId, eventType, globalPosition, eventTimestamp]);
  }

  /** Of an organization by type, those of most events first, at most 500. Index: organization_activity_pkey. */
  listByOrganization(organizationId: string): Promise<ActivityOfType[]> {
    return this.#manager.query(LIST, [organizationId, MAX_PAGE_LIMIT]);
  }
}

type CountedEvent = Pick<Event, 'organizationId' | 'eventType' | 'globalPosition' | 'eventTimestamp'>;

/**
 * Adds to a row that nobody else is adding to, or begins one. So transactions wait neither for the end of another's batch nor in a
 * circle, and there are as many rows for a type as ever added to it at once. Two that begin one are unlikely to choose the same slot.
 */
const COUNT = `
  with
    free as materialized (
      select slot from organization_activity
      where organization_id = $1 and event_type = $2
      order by slot
      limit 1
      for update skip locked
    ),
    added as (
      update organization_activity a
      set events = a.events + 1,
          last_position = greatest(a.last_position, $3),
          last_event_at = greatest(a.last_event_at, $4)
      from free
      where a.organization_id = $1 and a.event_type = $2 and a.slot = free.slot
    )
  insert into organization_activity as a (organization_id, event_type, slot, events, last_position, last_event_at)
  select $1, $2, floor(random() * 32768), 1, $3, $4
  where not exists (select from free)
  on conflict (organization_id, event_type, slot) do update
  set events = a.events + 1,
      last_position = greatest(a.last_position, excluded.last_position),
      last_event_at = greatest(a.last_event_at, excluded.last_event_at)`;

const LIST = `
  select
    event_type as "eventType", sum(events)::text as events,
    max(last_position) as "lastPosition", max(last_event_at) as "lastEventAt"
  from organization_activity
  where organization_id = $1
  group by event_type
  order by sum(events) desc, event_type
  limit $2::integer`;
