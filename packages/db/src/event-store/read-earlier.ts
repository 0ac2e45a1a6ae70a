import type { AppendRequest } from './append-request';
import type { AppendedEvent, EventRow } from './event-rows';
import { IdempotencyKeyReusedError } from './idempotency-key-reused-error';
import { runAppend } from './run-append';
import { isSameEvent } from './same-event';
import type { StatementSender } from './statement-sender';

/**
 * What an earlier append of the same events has written, in the order of the request; undefined if none has, or the events
 * have no keys.
 *
 * @param rows The events of all streams.
 * @throws IdempotencyKeyReusedError if a key was used before and this is no repetition of that append.
 */
export async function readEarlier(
  sender: StatementSender,
  streams: readonly AppendRequest[],
  rows: readonly EventRow[],
): Promise<AppendedEvent[] | undefined> {
  const [first] = streams;
  if (first?.events[0]?.idempotencyKey === undefined) return undefined;
  const earlier = await runAppend(sender, () =>
    sender.query<EarlierEvent[]>(READ_EARLIER, [JSON.stringify(rows)]),
  );
  const [found] = earlier;
  if (found === undefined) return undefined;
  const other = earlier.find(({ isSame }) => !isSame);
  const count = streams.reduce((sum, { events }) => sum + events.length, 0);
  if (other !== undefined || earlier.length < count) {
    const { aggregateType, aggregateId } = other ?? found;
    throw new IdempotencyKeyReusedError(aggregateType, aggregateId);
  }
  return earlier.map(({ id, aggregateVersion, globalPosition }) => ({
    id,
    aggregateVersion,
    globalPosition,
  }));
}

interface EarlierEvent extends AppendedEvent {
  /** As the request names it. */
  readonly aggregateType: string;
  readonly aggregateId: string;
  /** It is what the request asks for under this key. */
  readonly isSame: boolean;
}

// The events that carry the request's idempotency keys, in its order: each key is looked up, where a join would read all keys of the
// aggregate.
const READ_EARLIER = `
  select
    s.id, s.aggregate_version as "aggregateVersion", s.global_position as "globalPosition",
    e.aggregate_type as "aggregateType", e.aggregate_id as "aggregateId",
    ${isSameEvent('s', 'e')} as "isSame"
  from rows from (
    jsonb_to_recordset($1::jsonb) as (
      aggregate_type text, aggregate_id uuid, event_type text, event_timestamp timestamptz, is_timed boolean,
      organization_id uuid, user_id uuid, correlation_id uuid, idempotency_key text, tags text[], payload jsonb
    )
  ) with ordinality as e (
    aggregate_type, aggregate_id, event_type, event_timestamp, is_timed,
    organization_id, user_id, correlation_id, idempotency_key, tags, payload, at
  )
  cross join lateral (
    select *
    from events
    where aggregate_id = e.aggregate_id and idempotency_key = e.idempotency_key and idempotency_key is not null
    limit 1
  ) s
  order by e.at`;
