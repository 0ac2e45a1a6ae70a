import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { violatedUniqueIndex } from '../repositories/refusals';
import { VersionConflictError } from './version-conflict-error';

/** An event that has not been written yet. */
export interface NewEvent {
  readonly eventType: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** When it happened. Default: when it is appended, by the caller's clock. */
  readonly eventTimestamp?: Date | undefined;
  readonly organizationId?: string | null | undefined;
  readonly userId?: string | null | undefined;
  readonly correlationId?: string | null | undefined;
  readonly tags?: readonly string[] | undefined;
  /** A second append to the aggregate with the same key writes nothing and gives the first one's result. */
  readonly idempotencyKey?: string | undefined;
}

export interface AppendRequest {
  readonly aggregateType: string;
  readonly aggregateId: string;
  /** Version of the last event that the caller has seen; 0 for an aggregate that must not exist yet. */
  readonly expectedVersion: number;
  /** At least one. All are written, or none. */
  readonly events: readonly NewEvent[];
}

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
 * @throws VersionConflictError if the stream has moved on, or is not as far yet.
 */
export async function appendEvents(manager: EntityManager, request: AppendRequest): Promise<AppendResult> {
  const { aggregateType, aggregateId, expectedVersion } = request;
  const rows = request.events.map((event, at) => toRow(event, expectedVersion + at + 1));
  if (rows.length === 0) throw new RangeError('an append needs at least one event');
  try {
    const written: AppendedEvent[] = await manager.query(APPEND, [
      aggregateType,
      aggregateId,
      expectedVersion,
      JSON.stringify(rows),
    ]);
    if (written.length > 0) return { appended: true, events: written };
  } catch (error) {
    const index = violatedUniqueIndex(error);
    if (index !== 'idx_events_aggregate_timeline' && index !== 'idx_events_idempotency') throw error;
  }
  const earlier = await readEarlier(manager, request);
  if (earlier !== undefined) return { appended: false, events: earlier };
  throw new VersionConflictError({ aggregateType, aggregateId, expectedVersion });
}

function toRow(event: NewEvent, version: number) {
  return {
    id: uuidv7(),
    aggregate_version: version,
    event_type: event.eventType,
    event_timestamp: (event.eventTimestamp ?? new Date()).toISOString(),
    organization_id: event.organizationId ?? null,
    user_id: event.userId ?? null,
    correlation_id: event.correlationId ?? null,
    idempotency_key: event.idempotencyKey ?? null,
    tags: event.tags ?? [],
    payload: event.payload,
  };
}

/** The events that carry every one of the request's idempotency keys, or undefined if they were never written. */
async function readEarlier(
  manager: EntityManager,
  { aggregateId, events }: AppendRequest,
): Promise<AppendedEvent[] | undefined> {
  const keys = events.map(({ idempotencyKey }) => idempotencyKey);
  if (keys.includes(undefined)) return undefined;
  const found: AppendedEvent[] = await manager.query(READ_EARLIER, [aggregateId, keys]);
  return found.length === keys.length ? found : undefined;
}

const APPEND = `
  insert into events (
    aggregate_type, aggregate_id, id, aggregate_version, event_type, event_timestamp,
    organization_id, user_id, correlation_id, idempotency_key, tags, payload
  )
  select
    $1, $2, e.id, e.aggregate_version, e.event_type, e.event_timestamp,
    e.organization_id, e.user_id, e.correlation_id, e.idempotency_key, e.tags, e.payload
  from jsonb_to_recordset($4::jsonb) as e (
    id uuid, aggregate_version integer, event_type text, event_timestamp timestamptz,
    organization_id uuid, user_id uuid, correlation_id uuid, idempotency_key text, tags text[], payload jsonb
  )
  where $3::integer = coalesce(
    (
      select max(s.aggregate_version)
      from events s
      where s.aggregate_type = $1 and s.aggregate_id = $2
    ),
    0
  )
  order by e.aggregate_version
  returning id, aggregate_version as "aggregateVersion", global_position as "globalPosition"`;

const READ_EARLIER = `
  select id, aggregate_version as "aggregateVersion", global_position as "globalPosition"
  from events
  where aggregate_id = $1 and idempotency_key = any ($2) and idempotency_key is not null
  order by aggregate_version`;
