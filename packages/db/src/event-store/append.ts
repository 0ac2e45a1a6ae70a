import type { AppendRequest } from './append-request';
import { planLocks, takeSharedLocks } from './boundary-locks';
import { requireFewLocks, requireValidAppend } from './check-append';
import { type AppendedEvent, type EventRow, toRows } from './event-rows';
import { readEarlier } from './read-earlier';
import { runAppend } from './run-append';
import type { StatementSender } from './statement-sender';
import { VersionConflictError } from './version-conflict-error';

export interface AppendResult {
  /** False: an earlier append with these idempotency keys wrote them, and this one wrote nothing. */
  readonly appended: boolean;
  readonly events: readonly AppendedEvent[];
}

/**
 * Appends to one aggregate's stream if it stands where the caller believes it does (optimistic concurrency).
 * One statement and one round trip: the version is compared and the events are written together, and of two
 * appends that both saw the same version the unique index lets one through. Until its transaction ends, it holds off appends
 * whose condition asks for its types or tags.
 *
 * Through a manager in a transaction of the caller, which is then one append at a time, a refusal undoes the append alone and the
 * transaction stays usable.
 *
 * @throws VersionConflictError if the stream has moved on, or is not as far yet.
 * @throws IdempotencyKeyReusedError if a key was used before and this is no repetition of that append.
 * @throws InvalidAppendError if the append could not be written to any stream.
 */
export async function appendEvents(sender: StatementSender, request: AppendRequest): Promise<AppendResult> {
  requireValidAppend(request);
  const { aggregateType, aggregateId, expectedVersion, events } = request;
  const { keys } = planLocks(events);
  requireFewLocks(keys.length);
  const rows = toRows(request);
  const [row] = rows;
  const stream = [aggregateType, aggregateId, expectedVersion, keys];
  const [text, values] =
    rows.length === 1 && row !== undefined
      ? [APPEND_ONE, [...stream, ...listValues(row)]]
      : [APPEND, [...stream, JSON.stringify(rows)]];
  const written = await runAppend(sender, () => sender.query<AppendedEvent[]>(text, values));
  if (written.length > 0) return { appended: true, events: written };

  const earlier = await readEarlier(sender, [request], rows);
  if (earlier === undefined) throw new VersionConflictError({ aggregateType, aggregateId, expectedVersion });
  return { appended: false, events: earlier };
}

const INSERT = `
  insert into events (
    aggregate_type, aggregate_id, id, aggregate_version, event_type, event_timestamp,
    organization_id, user_id, correlation_id, idempotency_key, tags, payload
  )`;

/** The stream is where the caller believes it to be, and the locks are taken. */
const GUARD = `
  where $3::integer = coalesce(
    (
      select max(s.aggregate_version)
      from events s
      where s.aggregate_type = $1 and s.aggregate_id = $2
    ),
    0
  )
  and ${takeSharedLocks('$4')}`;

const RETURNING = `
  returning id, aggregate_version as "aggregateVersion", global_position as "globalPosition"`;

const APPEND = `${INSERT}
  select
    $1, $2, e.id, e.aggregate_version, e.event_type, e.event_timestamp,
    e.organization_id, e.user_id, e.correlation_id, e.idempotency_key, e.tags, e.payload
  from jsonb_to_recordset($5::jsonb) as e (
    id uuid, aggregate_version integer, event_type text, event_timestamp timestamptz,
    organization_id uuid, user_id uuid, correlation_id uuid, idempotency_key text, tags text[], payload jsonb
  )${GUARD}
  order by e.aggregate_version${RETURNING}`;

/** Most appends are of one event: the server makes no rows of a document, and sorts none. */
const APPEND_ONE = `${INSERT}
  select
    $1, $2, $5::uuid, $6::integer, $7, $8::timestamptz,
    $9::uuid, $10::uuid, $11::uuid, $12, $13::text[], $14::jsonb${GUARD}${RETURNING}`;

/** In the order of the columns. */
function listValues(row: EventRow): unknown[] {
  return [
    row.id,
    row.aggregate_version,
    row.event_type,
    row.event_timestamp,
    row.organization_id,
    row.user_id,
    row.correlation_id,
    row.idempotency_key,
    row.tags,
    JSON.stringify(row.payload),
  ];
}
