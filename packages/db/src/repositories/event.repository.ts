import { CUSTOM_PLAN } from '@holdfast/postgres';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { Event } from '../entities/event.entity';
import { Keyset, type Page, type PageRequest } from './keyset';
import { requireLimit } from './limit';
import { cursorPosition, cursorTime } from './sort-key';

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
    return this.#rows().where('e.id = :id', { id }).getOne();
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

  /** Latest first. Index: idx_events_type_timeline. */
  pageByType(eventType: string, request: PageRequest = {}): Promise<Page<Event>> {
    return this.#page(byType, request, (rows) => rows.where('e.eventType = :eventType', { eventType }));
  }

  /**
   * Latest first. Planned for its organization each time: what is right for most, sorting a few events, is wrong for one with
   * many. Index: idx_events_org_timeline, and idx_events_org_type_timeline for one type.
   */
  pageByOrganization(
    organizationId: string,
    request: PageRequest & EventTypeFilter = {},
  ): Promise<Page<Event>> {
    return this.#page(byOrganization, request, (rows) =>
      whereOwned(rows, 'organizationId', organizationId, request).comment(CUSTOM_PLAN),
    );
  }

  /**
   * Latest first. Planned for its user each time, as for organizations.
   * Index: idx_events_user_timeline, and idx_events_user_type_timeline for one type.
   */
  pageByUser(userId: string, request: PageRequest & EventTypeFilter = {}): Promise<Page<Event>> {
    return this.#page(byUser, request, (rows) =>
      whereOwned(rows, 'userId', userId, request).comment(CUSTOM_PLAN),
    );
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
    return byTag.read(request, (after, take) => {
      const query = this.#rows().comment(CUSTOM_PLAN).where('e.tags @> :tags', { tags });
      if (after !== undefined) query.andWhere('e.globalPosition < :position', { position: after[0] });
      return query.orderBy('e.globalPosition', 'DESC').limit(take).getMany();
    });
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

  #page(
    keyset: typeof byType,
    request: PageRequest,
    where: (rows: SelectQueryBuilder<Event>) => SelectQueryBuilder<Event>,
  ): Promise<Page<Event>> {
    return keyset.read(request, (after, take) => {
      const query = where(this.#rows());
      if (after !== undefined) {
        const [at, position] = after;
        query.andWhere('(e.eventTimestamp, e.globalPosition) < (:at, :position)', { at, position });
      }
      return query
        .orderBy('e.eventTimestamp', 'DESC')
        .addOrderBy('e.globalPosition', 'DESC')
        .limit(take)
        .getMany();
    });
  }

  #rows() {
    return this.#manager.createQueryBuilder(Event, 'e');
  }
}

export interface EventTypeFilter {
  /** Only events of this type. */
  readonly eventType?: string | undefined;
}

/**
 * Events of an owner, and of one type where that is asked for. Owner and type are one hash in their index, as in its declaration. What
 * tells them from others of the same hash is hidden in coalesce: as plain conditions the planner would take them for
 * independent of the hash, expect next to nothing, and look into three indexes for it.
 */
function whereOwned(
  rows: SelectQueryBuilder<Event>,
  owner: 'organizationId' | 'userId',
  id: string,
  { eventType }: EventTypeFilter,
): SelectQueryBuilder<Event> {
  if (eventType === undefined) return rows.where(`e.${owner} = :id`, { id });
  const hash = (ofOwner: string, ofType: string) =>
    `uuid_hash_extended(${ofOwner}, hashtextextended(${ofType}, 0))`;
  return rows
    .where(`${hash(`e.${owner}`, 'e.eventType')} = ${hash(':id', ':eventType')}`, { id, eventType })
    .andWhere(`coalesce(e.${owner} = :id and e.eventType = :eventType, false)`)
    .andWhere(`e.${owner} is not null`);
}
