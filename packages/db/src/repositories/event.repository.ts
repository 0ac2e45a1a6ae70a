import { createRepository, type EntityRepository } from '@holdfast/postgres';
import { type EntityManager, MoreThanOrEqual } from 'typeorm';
import { Event } from '../entities/event.entity';
import { Keyset, type Page, type PageRequest } from './keyset';
import { requireLimit } from './limit';
import { cursorPosition, cursorTime, LAST_POSITION } from './sort-key';

/** A stretch of one aggregate's stream. */
export interface StreamRequest {
  /** First version wanted. Default 1. */
  readonly fromVersion?: number | undefined;
  /** 1 to 500. Default 500. */
  readonly limit?: number | undefined;
}

const keyOf = (row: Event): [string, string] => [row.eventTimestamp.toISOString(), row.globalPosition];
const timeline = [cursorTime, cursorPosition] as const;
const byType = new Keyset('events-by-type', timeline, keyOf);
const byOrganization = new Keyset('events-by-organization', timeline, keyOf);
const byUser = new Keyset('events-by-user', timeline, keyOf);
const byTag = new Keyset('events-by-tag', [cursorPosition], (row: Event) => [row.globalPosition]);

const MAX_STREAM_EVENTS = 500;

/**
 * Questions about events that have been written. Each method names the index that answers it. The values of
 * partial-index predicates are literals: as parameters they would be unknown to a generic plan.
 */
export class EventRepository {
  readonly #events: EntityRepository<Event>;

  constructor(manager: EntityManager) {
    this.#events = createRepository(manager, Event);
  }

  /** Index: idx_events_id. */
  async findById(id: string): Promise<Event | null> {
    const statement = `select ${this.#events.columnsOf('e')} from events e where e.id = $1`;
    const [event] = await this.#events.query(statement, [id]);
    return event ?? null;
  }

  /**
   * The events of one aggregate in order of their versions. Index: idx_events_aggregate_timeline.
   *
   * @throws InvalidLimitError
   */
  async readStream(
    aggregateType: string,
    aggregateId: string,
    request: StreamRequest = {},
  ): Promise<Event[]> {
    const { fromVersion = 1, limit = MAX_STREAM_EVENTS } = request;
    return this.#events.find({
      where: { aggregateType, aggregateId, aggregateVersion: MoreThanOrEqual(fromVersion) },
      order: { aggregateVersion: 'ASC' },
      limit: requireLimit(limit),
    });
  }

  /** Latest first. Planned for its type each time, as what follows. Index: idx_events_type_timeline. */
  pageByType(eventType: string, request: PageRequest = {}): Promise<Page<Event>> {
    return this.#page(byType, request, 'events_by_type', [eventType]);
  }

  /**
   * Latest first. Planned for its organization each time: what is right for most, sorting a few events, is wrong for one with
   * many. Index: idx_events_org_timeline, and idx_events_org_type_timeline for one type.
   */
  pageByOrganization(
    organizationId: string,
    { eventType, ...request }: PageRequest & EventTypeFilter = {},
  ): Promise<Page<Event>> {
    return eventType === undefined
      ? this.#page(byOrganization, request, 'events_of_organization', [organizationId])
      : this.#page(byOrganization, request, 'events_of_organization_by_type', [organizationId, eventType]);
  }

  /**
   * Latest first. Planned for its user each time, as for organizations.
   * Index: idx_events_user_timeline, and idx_events_user_type_timeline for one type.
   */
  pageByUser(
    userId: string,
    { eventType, ...request }: PageRequest & EventTypeFilter = {},
  ): Promise<Page<Event>> {
    return eventType === undefined
      ? this.#page(byUser, request, 'events_of_user', [userId])
      : this.#page(byUser, request, 'events_of_user_by_type', [userId, eventType]);
  }

  /** Everything that one operation did, first things first, at most 500. Index: idx_events_correlation. */
  listByCorrelation(correlationId: string): Promise<Event[]> {
    return this.#events.find({
      where: { correlationId },
      order: { eventTimestamp: 'ASC', globalPosition: 'ASC' },
      limit: MAX_STREAM_EVENTS,
    });
  }

  /**
   * Events that carry every one of the tags, latest first. Planned for its tags each time: a plan for all of them takes
   * every tag for a frequent one, and walks the log. Index: idx_events_tags.
   */
  pageByTags(tags: readonly string[], request: PageRequest = {}): Promise<Page<Event>> {
    return byTag.read(request, ([position] = [LAST_POSITION], take) =>
      this.#find('events_by_tags($1, $2, $3)', [tags, position, take], 'order by e.global_position desc'),
    );
  }

  /**
   * Events that wait for a worker and have attempts left, oldest first, 1 to 500. Index: idx_events_unprocessed.
   *
   * @throws InvalidLimitError
   */
  async listUnprocessed(limit = 100): Promise<Event[]> {
    return this.#events.query(
      `select ${this.#events.columnsOf('e')} from events e
       where e.processed = false and e.retry_count < 5
       order by e.created_at
       limit ${requireLimit(limit)}`,
      [],
      { fromReplica: true },
    );
  }

  /** @param finder Function of the schema tenancy, whose first parameters are those, in their order. */
  #page(
    keyset: typeof byType,
    request: PageRequest,
    finder: string,
    parameters: readonly string[],
  ): Promise<Page<Event>> {
    return keyset.read(request, ([at, position] = ['infinity', LAST_POSITION], take) => {
      const values = [...parameters, at, position, take];
      const call = `${finder}(${values.map((_, index) => `$${index + 1}`).join(', ')})`;
      return this.#find(call, values, 'order by e.event_timestamp desc, e.global_position desc');
    });
  }

  /** @param finder A function of the schema tenancy, as it is called. */
  #find(finder: string, values: readonly unknown[], order: string): Promise<Event[]> {
    const text = `select ${this.#events.columnsOf('e')} from tenancy.${finder} e ${order}`;
    return this.#events.query(text, values, { fromReplica: true });
  }
}

export interface EventTypeFilter {
  /** Only events of this type. */
  readonly eventType?: string | undefined;
}
