import type { EntityManager } from 'typeorm';
import type { AppendRequest } from './append-request';
import {
  type BoundaryLocks,
  type LocksTaken,
  planLocks,
  TAKE_LOCKS,
  takeSharedLocks,
} from './boundary-locks';
import { requireFewLocks, requireValidStreams } from './check-append';
import { ConditionFailedError } from './condition-failed-error';
import { type EventQuery, findMatchedItem } from './event-query';
import { type AppendedEvent, toRows } from './event-rows';
import { InvalidAppendError } from './invalid-append-error';
import { readEarlier } from './read-earlier';
import { runAppend } from './run-append';
import { readSeen, type SeenEvents, toSeenParameter } from './seen-events';
import type { StreamsAppendRequest } from './streams-append-request';
import { VersionConflictError } from './version-conflict-error';

export interface StreamsAppendResult {
  /** False: an earlier append with these idempotency keys wrote them, and this one wrote nothing. */
  readonly appended: boolean;
  /** For each stream of the request, in its order, what was written to it. */
  readonly streams: readonly (readonly AppendedEvent[])[];
}

/**
 * Appends to several streams, all or nothing, if each stands where the caller believes it does, and if nothing that the
 * condition's query matches was committed that its reader had not seen (a dynamic consistency boundary).
 *
 * Without a condition it is one statement. With one it is two, in a transaction of their own if the manager is in none: the
 * first takes locks on what the condition asks for, so that the second, which checks and writes, sees all that was
 * committed until then. Locks and streams are taken in one order, so that no two appends wait for each other; transactions
 * of several appends may, and PostgreSQL ends one of them with a deadlock, which a unit of work retries.
 *
 * @throws VersionConflictError naming the first stream that is elsewhere.
 * @throws ConditionFailedError if the condition does not hold.
 * @throws IdempotencyKeyReusedError if a key was used before and this is no repetition of that append.
 * @throws InvalidAppendError if it could not be written to any stream; and if it has a condition and the transaction is
 * not READ COMMITTED, since the snapshot of its beginning does not show what was committed later.
 * @throws InvalidEventQueryError for a condition that asks for nothing, or for everything.
 */
export async function appendToStreams(
  manager: EntityManager,
  request: StreamsAppendRequest,
): Promise<StreamsAppendResult> {
  requireValidStreams(request);
  const { streams, condition } = request;
  const locks = planLocks(
    streams.flatMap(({ events }) => events),
    condition?.query,
  );
  requireFewLocks(locks.keys.length);
  if (condition === undefined) return write(manager, { streams, locks, condition });
  const { query, after } = condition;
  const seen = after === undefined ? undefined : readSeen(after);
  const append = (within: EntityManager) => write(within, { streams, locks, condition: { query, seen } });
  if (manager.queryRunner?.isTransactionActive === true) return append(manager);
  return manager.transaction('READ COMMITTED', append);
}

interface PlannedAppend {
  readonly streams: readonly AppendRequest[];
  readonly locks: BoundaryLocks;
  readonly condition: PlannedCondition | undefined;
}

interface PlannedCondition {
  readonly query: EventQuery;
  /** Undefined: its reader has seen nothing. */
  readonly seen: SeenEvents | undefined;
}

interface Check extends PlannedCondition {
  /** Few events can have come since. */
  readonly isRecent: boolean;
}

const FEW_EVENTS = 10_000n;

/** How the condition is checked, now that its locks are held. */
function planCheck({ query, seen }: PlannedCondition, { last, serverRun }: LocksTaken): Check {
  // What was seen before a crash or elsewhere cannot be told from what came later: then nothing at all may match.
  if (seen?.serverRun !== serverRun) return { query, seen: undefined, isRecent: false };
  return { query, seen, isRecent: BigInt(last) - BigInt(seen.settled) <= FEW_EVENTS };
}

async function write(manager: EntityManager, append: PlannedAppend): Promise<StreamsAppendResult> {
  const { streams, locks, condition } = append;
  const events = streams.flatMap(toRows);
  const rows = JSON.stringify(events);
  let check: Check | undefined;
  const written = await runAppend(manager, async () => {
    check = condition && planCheck(condition, await takeLocks(manager, locks));
    return insert(manager, { streams, locks, check }, rows);
  });
  if (written.length > 0) {
    const byId = new Map(written.map((event) => [event.id, event]));
    const inOrder = events.map(({ id }) => byId.get(id) as AppendedEvent);
    return { appended: true, streams: splitByStream(streams, inOrder) };
  }

  const earlier = await readEarlier(manager, streams, events);
  if (earlier !== undefined) return { appended: false, streams: splitByStream(streams, earlier) };
  throw await findRefusal(manager, streams, check);
}

async function takeLocks(manager: EntityManager, { keys, areExclusive }: BoundaryLocks): Promise<LocksTaken> {
  const [taken] = await manager.query<[LocksTaken]>(TAKE_LOCKS, [keys, areExclusive]);
  if (taken.isolation === 'read committed') return taken;
  throw new InvalidAppendError({ path: 'condition', reason: 'needs a transaction that is READ COMMITTED' });
}

function insert(
  manager: EntityManager,
  { streams, locks, check }: Omit<PlannedAppend, 'condition'> & { readonly check: Check | undefined },
  rows: string,
): Promise<AppendedEvent[]> {
  const parameters: unknown[] = [rows, renderExpected(streams)];
  const guard =
    check === undefined
      ? takeSharedLocks(`$${parameters.push(locks.keys)}`)
      : `not exists (select from ${findUnseen(check, parameters)})`;
  return manager.query(`${APPEND} and ${guard}${IN_ORDER}`, parameters);
}

/** Why nothing was written: what the condition says, or else the versions. */
async function findRefusal(
  manager: EntityManager,
  streams: readonly AppendRequest[],
  check: Check | undefined,
): Promise<Error> {
  if (check !== undefined) {
    const parameters: unknown[] = [];
    const [unseen] = await manager.query<{ eventType: string; tags: string[]; position: string }[]>(
      `select c.event_type as "eventType", c.tags, c.global_position as position
      from ${findUnseen(check, parameters)} c`,
      parameters,
    );
    if (unseen !== undefined) {
      return new ConditionFailedError(findMatchedItem(check.query, unseen), unseen.position);
    }
  }
  const [elsewhere] = await manager.query<{ at: string }[]>(FIND_ELSEWHERE, [renderExpected(streams)]);
  // A stream that is where it should be was elsewhere a moment ago, or the race was lost to one that is not committed yet.
  const stream = streams[elsewhere === undefined ? 0 : Number(elsewhere.at) - 1] as AppendRequest;
  const { aggregateType, aggregateId, expectedVersion } = stream;
  return new VersionConflictError({ aggregateType, aggregateId, expectedVersion });
}

/**
 * SQL for an event that the query matches and its reader had not seen. Where few events have come they are looked through;
 * otherwise the right index depends on how frequent the types and tags are.
 */
function findUnseen({ query, seen, isRecent }: Check, parameters: unknown[]): string {
  const values = [JSON.stringify(query), seen?.settled ?? '0', seen ? toSeenParameter(seen) : null, isRecent];
  const [items, after, seenBy, isHidden] = values.map((value) => `$${parameters.push(value)}`);
  return `tenancy.events_by_query(${items}, ${after}, ${seenBy}, true, ${isHidden}, 1)`;
}

const renderExpected = (streams: readonly AppendRequest[]): string =>
  JSON.stringify(
    streams.map(({ aggregateType, aggregateId, expectedVersion }) => ({
      aggregate_type: aggregateType,
      aggregate_id: aggregateId,
      expected: expectedVersion,
    })),
  );

function splitByStream(streams: readonly AppendRequest[], events: readonly AppendedEvent[]) {
  let from = 0;
  return streams.map(({ events: { length } }) => {
    from += length;
    return events.slice(from - length, from);
  });
}

// The order of streams is that of everyone: of two appends to the same ones, one finds the first place taken and waits there.
const IN_ORDER = `
  order by e.aggregate_type, e.aggregate_id, e.aggregate_version
  returning id, aggregate_version as "aggregateVersion", global_position as "globalPosition"`;

const ELSEWHERE = `
  s.expected <> coalesce(
    (
      select max(v.aggregate_version)
      from events v
      where v.aggregate_type = s.aggregate_type and v.aggregate_id = s.aggregate_id
    ),
    0
  )`;

const APPEND = `
  insert into events (
    aggregate_type, aggregate_id, id, aggregate_version, event_type, event_timestamp,
    organization_id, user_id, correlation_id, idempotency_key, tags, payload
  )
  select
    e.aggregate_type, e.aggregate_id, e.id, e.aggregate_version, e.event_type, e.event_timestamp,
    e.organization_id, e.user_id, e.correlation_id, e.idempotency_key, e.tags, e.payload
  from jsonb_to_recordset($1::jsonb) as e (
    aggregate_type text, aggregate_id uuid, id uuid, aggregate_version integer, event_type text,
    event_timestamp timestamptz, organization_id uuid, user_id uuid, correlation_id uuid, idempotency_key text,
    tags text[], payload jsonb
  )
  where not exists (
    select from jsonb_to_recordset($2::jsonb) as s (aggregate_type text, aggregate_id uuid, expected integer)
    where ${ELSEWHERE}
  )`;

// Events of another tenant are not seen, but stand in the way.
const FIND_ELSEWHERE = `
  select s.at
  from rows from (
    jsonb_to_recordset($1::jsonb) as (aggregate_type text, aggregate_id uuid, expected integer)
  ) with ordinality as s (aggregate_type, aggregate_id, expected, at)
  where ${ELSEWHERE} or tenancy.is_taken(s.aggregate_type, s.aggregate_id, s.expected + 1)
  order by s.at
  limit 1`;
