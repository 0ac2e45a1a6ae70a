import type { EntityManager } from 'typeorm';
import { Event } from '../entities/event.entity';
import { selectEvent } from '../log/event-row';
import { Keyset, type Page, type PageRequest } from './keyset';
import { requireLimit } from './limit';
import { findPlainRow } from './plain-row';
import { rowsOf } from './rows-of';
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
  readonly #manager: EntityManager;

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  /** Index: idx_events_id. */
  findById(id: string): Promise<Event | null> {
    const statement = `select ${selectEvent(this.#manager)} from events e where e.id = $1`;
    return findPlainRow(this.#manager, Event, statement, [id]);
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
    return this.#rows()
      .where('e.aggregateType = :aggregateType and e.aggregateId = :aggregateId', {
        aggregateType,
        aggregateId,
      })
      .andWhere('e.aggregateVersion >= :fromVersion', { fromVersion })
      .orderBy('e.aggregateVersion')
      .limit(requireLimit(limit))
      .getMany();
  }

  /** Latest first. Planned for its type each time, as what follows. Index: idx_events_type_timeline. */
  pageByType(eventType: string, request: PageRequest = {}): Promise<Page<Event>> {
    return this.#page(byType, request, 'events_by_type', { eventType });
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
      ? this.#page(byOrganization, request, 'events_of_organization', { organizationId })
      : this.#page(byOrganization, request, 'events_of_organization_by_type', { organizationId, eventType });
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
      ? this.#page(byUser, request, 'events_of_user', { userId })
      : this.#page(byUser, request, 'events_of_user_by_type', { userId, eventType });
  }

  /** Everything that one operation did, first things first, at most 500. Index: idx_events_correlation. */
  listByCorrelation(correlationId: string): Promise<Event[]> {
    return this.#rows()
      .where('e.correlationId = :correlationId', { correlationId })
      .orderBy('e.eventTimestamp')
      .addOrderBy('e.globalPosition')
      .limit(MAX_STREAM_EVENTS)
      .getMany();
  }

  /**
   * Events that carry every one of the tags, latest first. Planned for its tags each time: a plan for all of them takes
   * every tag for a frequent one, and walks the log. Index: idx_events_tags.
   */
  pageByTags(tags: readonly string[], request: PageRequest = {}): Promise<Page<Event>> {
    return byTag.read(request, ([position] = [LAST_POSITION], take) =>
      rowsOf(this.#manager, Event, 'e', 'tenancy.events_by_tags(:tags, :position, :take)', {
        tags,
        position,
        take,
      })
        .orderBy('e.globalPosition', 'DESC')
        .getMany(),
    );
  }

  /**
   * Events that wait for a worker and have attempts left, oldest first, 1 to 500. Index: idx_events_unprocessed.
   *
   * @throws InvalidLimitError
   */
  async listUnprocessed(limit = 100): Promise<Event[]> {
    return this.#rows()
      .where('e.processed = false and e.retryCount < 5')
      .orderBy('e.createdAt')
      .limit(requireLimit(limit))
      .getMany();
  }

  /** @param finder Function of the schema tenancy, whose first parameters are those, in their order. */
  #page(
    keyset: typeof byType,
    request: PageRequest,
    finder: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<Page<Event>> {
    const names = [...Object.keys(parameters), 'at', 'position', 'take'].map((name) => `:${name}`);
    const call = `tenancy.${finder}(${names.join(', ')})`;
    return keyset.read(request, ([at, position] = ['infinity', LAST_POSITION], take) =>
      rowsOf(this.#manager, Event, 'e', call, { ...parameters, at, position, take })
        .orderBy('e.eventTimestamp', 'DESC')
        .addOrderBy('e.globalPosition', 'DESC')
        .getMany(),
    );
  }

  #rows() {
    return this.#manager.createQueryBuilder(Event, 'e');
  }
}

export interface EventTypeFilter {
  /** Only events of this type. */
  readonly eventType?: string | undefined;
}
