import type { EntityManager } from 'typeorm';
import { newId } from '../new-id';
import { violatedUniqueIndex } from '../repositories/refusals';
import type { AppendRequest, NewEvent } from './append-request';
import { requireValidAppend } from './check-append';
import { IdempotencyKeyReusedError } from './idempotency-key-reused-error';
import { invalidAppendOf } from './invalid-append-error';
import { VersionConflictError } from './version-conflict-error';
import { withinSavepoint } from './within-savepoint';

/** Where an event stands in the log. */
export interface AppendedEvent {
  readonly id: string;
  readonly aggregateVersion: number;
  /** A string of digits; see Event.globalPosition. */
  readonly globalPosition: string;
}

export interface AppendResult {
  /** False: an earlier append with these idempotency keys wrote them, and this one wrote nothing. */
  readonly appended: boolean;
  readonly events: readonly AppendedEvent[];
}

/**
 * Appends to one aggregate's stream if it stands where the caller believes it does (optimistic concurrency).
 * One statement and one round trip: the version is compared and the events are written together, and of two
 * appends that both saw the same version the unique index lets one through.
 *
 * In a transaction of the caller, which is then one append at a time, a refusal undoes the append alone and the
 * transaction stays usable.
 *
 * @throws VersionConflictError if the stream has moved on, or is not as far yet.
 * @throws IdempotencyKeyReusedError if a key was used before and this is no repetition of that append.
 * @throws InvalidAppendError if the append could not be written to any stream.
 */
export async function appendEvents(manager: EntityManager, request: AppendRequest): Promise<AppendResult> {
  requireValidAppend(request);
  const { aggregateType, aggregateId, expectedVersion, events } = request;
  const rows = JSON.stringify(events.map((event, at) => toRow(event, expectedVersion + at + 1)));
  const written = await run<AppendedEvent>(manager, APPEND, [
    aggregateType,
    aggregateId,
    rows,
    expectedVersion,
  ]);
  if (written.length > 0) return { appended: true, events: written };

  const isKeyed = events[0]?.idempotencyKey !== undefined;
  const earlier = isKeyed
    ? await run<EarlierEvent>(manager, READ_EARLIER, [aggregateType, aggregateId, rows])
    : [];
  if (earlier.length === 0) throw new VersionConflictError({ aggregateType, aggregateId, expectedVersion });
  if (earlier.length < events.length || !earlier.every(({ isSame }) => isSame)) {
    throw new IdempotencyKeyReusedError(aggregateType, aggregateId);
  }
  return { appended: false, events: earlier.map(({ isSame: _, ...event }) => event) };
}

/** A version or key that another append took meanwhile is the same as one that was taken before: no row is written. */
async function run<Row>(manager: EntityManager, statement: string, parameters: unknown[]): Promise<Row[]> {
  try {
    return await withinSavepoint(manager, () => manager.query<Row[]>(statement, parameters));
  } catch (error) {
    const index = violatedUniqueIndex(error);
    if (index === 'idx_events_aggregate_timeline' || index === 'idx_events_idempotency') return [];
    throw invalidAppendOf(error);
  }
}

function toRow(event: NewEvent, version: number) {
  return {
    id: newId(),
    aggregate_version: version,
    event_type: event.eventType,
    event_timestamp: (event.eventTimestamp ?? new Date()).toISOString(),
    is_timed: event.eventTimestamp !== undefined,
    organization_id: event.organizationId ?? null,
    user_id: event.userId ?? null,
    correlation_id: event.correlationId ?? null,
    idempotency_key: event.idempotencyKey ?? null,
    tags: event.tags ?? [],
    payload: event.payload,
  };
}

interface EarlierEvent extends AppendedEvent {
  /** It is what the request asks for under this key. */
  readonly isSame: boolean;
}

const APPEND = `
  insert into events (
    aggregate_type, aggregate_id, id, aggregate_version, event_type, event_timestamp,
    organization_id, user_id, correlation_id, idempotency_key, tags, payload
  )
  select
    $1, $2, e.id, e.aggregate_version, e.event_type, e.event_timestamp,
    e.organization_id, e.user_id, e.correlation_id, e.idempotency_key, e.tags, e.payload
  from jsonb_to_recordset($3::jsonb) as e (
    id uuid, aggregate_version integer, event_type text, event_timestamp timestamptz,
    organization_id uuid, user_id uuid, correlation_id uuid, idempotency_key text, tags text[], payload jsonb
  )
  where $4::integer = coalesce(
    (
      select max(s.aggregate_version)
      from events s
      where s.aggregate_type = $1 and s.aggregate_id = $2
    ),
    0
  )
  order by e.aggregate_version
  returning id, aggregate_version as "aggregateVersion", global_position as "globalPosition"`;

// The events that carry the request's idempotency keys, in its order: each key is looked up, where a join would read all keys of the
// aggregate. A time that the caller did not give is another one with every repetition.
const READ_EARLIER = `
  select
    s.id, s.aggregate_version as "aggregateVersion", s.global_position as "globalPosition",
    s.aggregate_type = $1
      and s.event_type = e.event_type
      and s.payload = e.payload
      and s.tags = e.tags
      and s.organization_id is not distinct from e.organization_id
      and s.user_id is not distinct from e.user_id
      and s.correlation_id is not distinct from e.correlation_id
      and (s.event_timestamp = e.event_timestamp or not e.is_timed) as "isSame"
  from jsonb_to_recordset($3::jsonb) as e (
    aggregate_version integer, event_type text, event_timestamp timestamptz, is_timed boolean,
    organization_id uuid, user_id uuid, correlation_id uuid, idempotency_key text, tags text[], payload jsonb
  )
  cross join lateral (
    select *
    from events
    where aggregate_id = $2 and idempotency_key = e.idempotency_key and idempotency_key is not null
    limit 1
  ) s
  order by e.aggregate_version`;
