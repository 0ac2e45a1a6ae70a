import { newId } from '../new-id';
import type { AppendRequest, NewEvent } from './append-request';

/** Where an event stands in the log. */
export interface AppendedEvent {
  readonly id: string;
  readonly aggregateVersion: number;
  /** A string of digits; see Event.globalPosition. */
  readonly globalPosition: string;
}

/** An event of an append, by the names of its columns. */
export type EventRow = ReturnType<typeof toRows>[number];

/** The events of an append, as the statements here read them from JSON. */
export function toRows({ aggregateType, aggregateId, expectedVersion, events }: AppendRequest) {
  return events.map((event, at) => ({
    aggregate_type: aggregateType,
    aggregate_id: aggregateId,
    ...toRow(event, expectedVersion + at + 1),
  }));
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
