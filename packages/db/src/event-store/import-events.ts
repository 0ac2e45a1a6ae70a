import { CopyFailedError, type CopyValue, copyRows } from '@holdfast/postgres';
import type { EntityManager } from 'typeorm';
import { violatedUniqueIndex } from '../repositories/refusals';
import { sqlstateOf } from '../repositories/server-refusal';
import type { NewEvent } from './append-request';
import { planLocks, takeSharedLocks } from './boundary-locks';
import { requireFewLocks } from './check-append';
import { ImportRaceError, ImportRefusedError } from './import-errors';
import { isSameEvent } from './same-event';

/** An event that is brought in from elsewhere, with the place that it had there. */
export interface ImportedEvent extends NewEvent {
  /** Where it stands among those that are brought in: a whole number of PostgreSQL's `integer`, each once. */
  readonly line: number;
  /** Made by the caller, so that what became of a transaction can be looked up: see `wasImported`. */
  readonly id: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  /** By it a line that was written before is known. Each pair of aggregate and key once. */
  readonly idempotencyKey: string;
}

/** `key-reused`: its key was used in the aggregate for something else. `not-permitted`: it is of another organization. */
export type ImportRefusal = 'key-reused' | 'not-permitted';

/** What became of events: every line that is neither refused nor repeated was appended. */
export interface ImportResult {
  readonly appended: number;
  /** Lines that are there already. */
  readonly repeated: number;
  readonly refused: readonly { readonly line: number; readonly reason: ImportRefusal }[];
}

/**
 * Events are appended behind what their streams hold, in the order of lines, which is the order of their versions and positions.
 * Whether a stream has moved on is not asked; a line that is there already, by its key, is not written again.
 *
 * Runs in the manager's transaction, once in each, which has to be READ COMMITTED, and is spent when it fails. They go through COPY into a table that
 * lasts as long: COPY into events itself is refused under row-level security. Until its end it holds off appends whose condition asks for a
 * type or tag of theirs. A transaction that appends to several of the same streams in another order may meet it in a
 * deadlock, which a unit of work retries.
 *
 * @throws ImportRaceError if an append took the place of one; run it again, in a new transaction.
 * @throws ImportRefusedError if the server refuses one of them and does not say which.
 * @throws InvalidAppendError for more than 1,000 different types and tags.
 */
export async function importEvents(
  manager: EntityManager,
  events: readonly ImportedEvent[],
): Promise<ImportResult> {
  if (events.length === 0) return { appended: 0, repeated: 0, refused: [] };
  const { keys } = planLocks(events);
  requireFewLocks(keys.length);
  try {
    await manager.query(CREATE_STAGING);
    await copyRows(manager, STAGING, events.map(toCopy));
    // Before the versions are read: what is waited for here may append to the same streams.
    await manager.query(`select ${takeSharedLocks('$1')} as taken`, [keys]);
    const known = await manager.query<KnownLine[]>(FIND_KNOWN);
    const lines = known.map(({ line }) => line);
    const written = await manager.query<object[]>(INSERT, [lines]);
    const refused = known.flatMap(({ line, reason }) => (reason === 'repeated' ? [] : [{ line, reason }]));
    return { appended: written.length, repeated: known.length - refused.length, refused };
  } catch (error) {
    throw describeFailure(error);
  }
}

/**
 * Whether a transaction that brought in these events was committed, as far as it wrote any. Index: idx_events_id.
 */
export async function wasImported(
  manager: EntityManager,
  events: readonly ImportedEvent[],
): Promise<boolean> {
  const [{ found }] = await manager.query<[{ found: boolean }]>(
    'select exists (select from events where id = any($1::uuid[])) as found',
    [events.map(({ id }) => id)],
  );
  return found;
}

interface KnownLine {
  readonly line: number;
  readonly reason: ImportRefusal | 'repeated';
}

/** A value that is at fault, a constraint, a policy, or a row that an index cannot take. */
const OF_A_ROW = /^(?:22|23|54)|^42501$/;

function describeFailure(error: unknown): unknown {
  const index = violatedUniqueIndex(error);
  if (index === 'idx_events_aggregate_timeline' || index === 'idx_events_idempotency') {
    return new ImportRaceError();
  }
  const code = error instanceof CopyFailedError ? readCode(error.cause) : sqlstateOf(error);
  return code !== undefined && OF_A_ROW.test(code) ? new ImportRefusedError(code) : error;
}

function readCode(cause: unknown): string | undefined {
  const { code } = cause as { readonly code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

const STAGING = Object.freeze({
  table: 'holdfast_import',
  columns: Object.freeze([
    'line',
    'id',
    'aggregate_type',
    'aggregate_id',
    'event_type',
    'event_timestamp',
    'is_timed',
    'organization_id',
    'user_id',
    'correlation_id',
    'idempotency_key',
    'tags',
    'payload',
  ]),
});

const CREATE_STAGING = `
  create temporary table holdfast_import (
    line integer, id uuid, aggregate_type text, aggregate_id uuid, event_type text, event_timestamp timestamptz,
    is_timed boolean, organization_id uuid, user_id uuid, correlation_id uuid, idempotency_key text, tags text[],
    payload jsonb
  ) on commit drop`;

function toCopy(event: ImportedEvent): CopyValue[] {
  return [
    String(event.line),
    event.id,
    event.aggregateType,
    event.aggregateId,
    event.eventType,
    (event.eventTimestamp ?? new Date()).toISOString(),
    String(event.eventTimestamp !== undefined),
    event.organizationId ?? null,
    event.userId ?? null,
    event.correlationId ?? null,
    event.idempotencyKey,
    event.tags ?? [],
    JSON.stringify(event.payload),
  ];
}

// What the policy of events asks, and of each key whether it was used: looked up, where a join would read all keys of the aggregate.
const FIND_KNOWN = `
  select
    i.line,
    case
      when not i.is_permitted then 'not-permitted'
      when e.is_same then 'repeated'
      else 'key-reused'
    end as reason
  from (
    select
      *,
      not row_security_active('events')
        or coalesce(
          (select tenancy.tenant()) in (organization_id, '00000000-0000-0000-0000-000000000000'), false
        ) as is_permitted
    from holdfast_import
  ) i
  left join lateral (
    select
      ${isSameEvent('s', 'i')} as is_same
    from events s
    where s.aggregate_id = i.aggregate_id and s.idempotency_key = i.idempotency_key
      and s.idempotency_key is not null
    limit 1
  ) e on true
  where not i.is_permitted or e.is_same is not null
  order by i.line`;

const INSERT = `
  insert into events (
    aggregate_type, aggregate_id, id, aggregate_version, event_type, event_timestamp,
    organization_id, user_id, correlation_id, idempotency_key, tags, payload
  )
  select
    i.aggregate_type, i.aggregate_id, i.id,
    coalesce(
      (
        select max(s.aggregate_version)
        from events s
        where s.aggregate_type = i.aggregate_type and s.aggregate_id = i.aggregate_id
      ),
      0
    ) + row_number() over (partition by i.aggregate_type, i.aggregate_id order by i.line),
    i.event_type, i.event_timestamp, i.organization_id, i.user_id, i.correlation_id, i.idempotency_key, i.tags,
    i.payload
  from holdfast_import i
  where i.line <> all($1::integer[])
  order by i.line
  returning id`;
