import { Event, type NewEvent } from '@holdfast/db';
import type { DataSource } from 'typeorm';
import type { Aggregate } from './aggregate';
import { type Dataset, readDataset } from './dataset';
import { type ExampleEvent, SOURCE_TAG } from './events';
import { loadAccounts, type RowIds, rowIdOf } from './load-accounts';
import { loadStream, type StreamContents } from './load-stream';

export interface LoadOptions {
  /** Default: the whole of the package. */
  readonly dataset?: Dataset;
  /** Told after each stream how many of the events stand in the database. */
  readonly report?: (progress: LoadProgress) => void;
  /** Ends the load between two streams; the next one goes on from there. */
  readonly signal?: AbortSignal;
  /** The time of events whose payload tells none. Default: the clock. */
  readonly now?: () => Date;
}

interface LoadProgress {
  readonly done: number;
  readonly total: number;
}

export interface LoadResult {
  readonly organizations: number;
  readonly users: number;
  readonly memberships: number;
  readonly events: number;
  /** How many of the events this load appended; 0 if an earlier one had finished. */
  readonly appended: number;
}

/**
 * The database holds the GitHub examples: all of them, each once. It may be interrupted at any point and run again,
 * and several may run at once. Once everything is there, it asks one question and writes nothing, so that what was
 * changed or deleted since stays so.
 */
export async function loadExamples(dataSource: DataSource, options: LoadOptions = {}): Promise<LoadResult> {
  const { dataset = readDataset(), report = () => undefined, signal, now = () => new Date() } = options;
  const total = dataset.events.length;
  let appended = 0;
  if ((await countLoaded(dataSource)) < total) {
    const ids = await loadAccounts(dataSource.manager, dataset);
    let done = 0;
    for (const stream of groupByStream(dataset.events, ids, now())) {
      signal?.throwIfAborted();
      appended += await loadStream(dataSource.manager, stream);
      done += stream.events.length;
      report({ done, total });
    }
  }
  return {
    organizations: dataset.organizations.length,
    users: dataset.users.length,
    memberships: dataset.memberships.length,
    events: total,
    appended,
  };
}

/** Index: idx_events_tags. */
function countLoaded(dataSource: DataSource): Promise<number> {
  return dataSource.manager
    .createQueryBuilder(Event, 'e')
    .where('e.tags @> :tags', { tags: [SOURCE_TAG] })
    .getCount();
}

/** Streams in the order in which they began; the events of each in the order in which they happened. */
function groupByStream(events: readonly ExampleEvent[], ids: RowIds, now: Date): StreamContents[] {
  const timed = events.map((event) => ({ ...event, eventTimestamp: event.eventTimestamp ?? now }));
  const streams = new Map<string, StreamContents & { readonly events: NewEvent[] }>();
  for (const event of timed.toSorted(
    (one, other) => Number(one.eventTimestamp) - Number(other.eventTimestamp),
  )) {
    const aggregateId = aggregateIdOf(event.aggregate, ids);
    const stream = streams.get(aggregateId) ?? {
      aggregateType: event.aggregate.type,
      aggregateId,
      events: [],
    };
    stream.events.push(toNewEvent(event, ids));
    streams.set(aggregateId, stream);
  }
  return [...streams.values()];
}

function aggregateIdOf(aggregate: Aggregate, ids: RowIds): string {
  return 'id' in aggregate ? aggregate.id : rowIdOf(ids, aggregate.externalId);
}

function toNewEvent({ organization, user, ...event }: ExampleEvent, ids: RowIds): NewEvent {
  return {
    idempotencyKey: event.idempotencyKey,
    eventType: event.eventType,
    eventTimestamp: event.eventTimestamp,
    organizationId: organization === null ? null : rowIdOf(ids, organization),
    userId: user === null ? null : rowIdOf(ids, user),
    correlationId: event.correlationId,
    tags: event.tags,
    payload: event.payload,
  };
}
