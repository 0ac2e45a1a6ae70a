import { createRepository, type EntityRow } from '@holdfast/postgres';
import type { EntityManager } from 'typeorm';
import { Event } from '../entities/event.entity';
import { requireLimit } from '../repositories/limit';
import { type PagePlace, readPageCursor, renderPageCursor, renderScope } from './page-cursor';
import { LogRewoundError, withoutPlace } from './read-log';
import { type LogReading, SERVER_RUN } from './watermark';
import { watermarkOf } from './watermarks';

export interface LogPageRequest {
  /** `cursor` of the page before, or that of an event. Default: from the first event. */
  readonly after?: string | undefined;
  /** 1 to 500. Default 500. */
  readonly limit?: number | undefined;
  /** How far the log is settled, where that is known. Default: it is looked up, which is a statement more. */
  readonly reading?: LogReading | undefined;
}

/** A stretch of what one reader may see of the log. */
export interface LogPage {
  /** In order of positions. There may be none although the end is not reached: what was scanned holds nothing for this reader. */
  readonly events: readonly Event[];
  /** Give it back to read on. Opaque, and never empty: the log has no last page. */
  readonly cursor: string;
  /** Nothing that can be read yet stands behind it. */
  readonly isAtEnd: boolean;
  /** Positions given out that lie behind this page, whoever's they are. */
  readonly lag: number;
}

/** Whoever asks may see nothing at all, be it that their key was revoked: that is no end of the log. */
export class LogHiddenError extends Error {
  override readonly name = 'LogHiddenError';
  readonly code = 'HOLDFAST_LOG_HIDDEN';

  constructor() {
    super('whoever asks may not see the log');
  }
}

/** Positions of one look. Whoever may see few of many rows has them all read. */
const WINDOW = 10_000n;
/** Looks of one page. */
const MOST_LOOKS = 10;

/**
 * What stands in the log after a cursor, of that which the manager's role and tenant may see: who reads on from cursor to cursor gets each
 * such event once, whatever was in flight. As for `readLog`, but also in a transaction, and its work is bounded where others'
 * events lie between one's own: a page ends after 100,000 positions.
 *
 * One statement and that of the watermark, on the primary. Index: idx_events_global_position.
 *
 * @throws InvalidCursorError, InvalidLimitError, LogPrivilegeError, LogUnsafeError
 * @throws LogRewoundError where the log has not the event of the cursor.
 * @throws LogHiddenError where the transaction acts for nobody.
 */
export async function readLogPage(manager: EntityManager, request: LogPageRequest = {}): Promise<LogPage> {
  const place = readPageCursor(request.after);
  const take = requireLimit(request.limit ?? 500);
  const isBeyond = ({ last }: LogReading) => BigInt(place.position) > BigInt(last);
  // A reading that was made before the one of the cursor is no proof that the log was restored.
  const isCurrent = request.reading !== undefined && !isBeyond(request.reading);
  const reading = isCurrent ? request.reading : await watermarkOf(manager.dataSource).advance(manager);
  const { scanned } = place;
  const page =
    scanned && (await scan(manager, place, { from: scanned.position, scope: scanned.scope, take, reading }));
  if (page !== undefined) return page;
  if (isBeyond(reading)) throw new LogRewoundError(place.position);
  return (await scan(manager, place, { from: place.position, scope: undefined, take, reading })) as LogPage;
}

/** Where a log ends. */
export interface LogEnd {
  /** Who reads on from it gets what stands behind it, and nothing else. Undefined while nothing of the log is settled yet. */
  readonly cursor: string | undefined;
  /** The position at which it ends: what was committed before it was asked for may stand behind, as long as older transactions run. */
  readonly position: string;
  /** The last position given out when it was asked for. */
  readonly last: string;
}

/**
 * Finds the end of what can be read of the log, without reading it: whatever is committed from now on stands behind it, for the manager's
 * role and tenant as for all others.
 *
 * One statement and that of the watermark, on the primary. Index: idx_events_global_position.
 *
 * @throws LogPrivilegeError, LogUnsafeError
 * @throws LogHiddenError where the transaction acts for nobody.
 */
export async function readLogEnd(manager: EntityManager): Promise<LogEnd> {
  const { settled, last } = await watermarkOf(manager.dataSource).advance(manager);
  const to = BigInt(settled.position);
  const first = maximum(to - WINDOW, 0n);
  const seen = await look(manager, { first, to, take: 1, serverRun: settled.serverRun, isLatest: true });
  if (seen.isHidden) throw new LogHiddenError();
  if (seen.serverRun !== settled.serverRun || (to === 0n && last !== '0')) {
    return { cursor: undefined, position: '0', last };
  }
  // Positions at the end may have been given to none but transactions that were rolled back, and are given out again after a crash: in
  // another run what is scanned here is scanned again, from an event of this reader, or from where they had none.
  const [end] = seen.events;
  const place = { position: end?.globalPosition ?? String(first), id: end?.id };
  const scanned = { position: settled.position, scope: seen.scope };
  return { cursor: renderPageCursor({ ...place, scanned }), position: settled.position, last };
}

interface Scan {
  /** What lies behind this position is looked at. */
  readonly from: string;
  /** For which that position is meant; in another one there is no page. */
  readonly scope: string | undefined;
  readonly take: number;
  readonly reading: LogReading;
}

async function scan(
  manager: EntityManager,
  place: PagePlace,
  { from, scope, take, reading: { settled, last } }: Scan,
): Promise<LogPage | undefined> {
  const settledPosition = BigInt(settled.position);
  let reached = BigInt(from);
  for (let looks = 1; ; looks += 1) {
    const isAtPlace = scope === undefined && looks === 1;
    const to = minimum(reached + WINDOW, settledPosition);
    const first = isAtPlace ? reached : reached + 1n;
    const seen = await look(manager, { first, to, take: take + 1, serverRun: settled.serverRun });
    if (seen.isHidden) throw new LogHiddenError();
    if (scope !== undefined && seen.scope !== scope) return undefined;
    // What is settled was read from a server that has been restarted since: the next reading will say.
    const isOtherRun = seen.serverRun !== settled.serverRun;
    const events = (isAtPlace ? withoutPlace(seen.events, place) : seen.events).slice(0, take);
    const end = events.at(-1);
    if (events.length === take) reached = BigInt((end as Event).globalPosition);
    else if (!isOtherRun) reached = maximum(reached, to);
    const isAtEnd = isOtherRun || reached >= settledPosition;
    if (events.length === 0 && !isAtEnd && looks < MOST_LOOKS) continue;
    const { position, id } = end === undefined ? place : { position: end.globalPosition, id: end.id };
    const scanned = isOtherRun ? place.scanned : { position: String(reached), scope: seen.scope };
    return {
      events,
      cursor: renderPageCursor({ position, id, scanned }),
      isAtEnd,
      lag: Math.max(0, Number(BigInt(last) - reached)),
    };
  }
}

interface Look {
  readonly first: bigint;
  readonly to: bigint;
  readonly take: number;
  readonly serverRun: string;
  /** Whether those that are taken are the last ones. */
  readonly isLatest?: boolean;
}

interface Seen {
  readonly events: readonly Event[];
  readonly serverRun: string;
  readonly scope: string;
  /** The role sees rows of tenants alone, and there is none. */
  readonly isHidden: boolean;
}

async function look(
  manager: EntityManager,
  { first, to, take, serverRun, isLatest = false }: Look,
): Promise<Seen> {
  // OFFSET: once, and not for each event, of which the tenant is four pages.
  const events = createRepository(manager, Event);
  const rows = await events.queryRows<SeenOnce>(
    `select s.*, e.*
    from (
      select
        ${SERVER_RUN} as "seenRun",
        row_security_active('events') as "seenIsLimited",
        tenancy.tenant()::text as "seenTenant"
      offset 0
    ) s
    left join (
      select ${events.columnsOf('e')}
      from events e
      where e.global_position >= $1::bigint and e.global_position <= $2::bigint and ${SERVER_RUN} = $4
      order by e.global_position ${isLatest ? 'desc' : 'asc'}
      limit $3::integer
    ) e on true
    order by e.global_position`,
    [String(first), String(to), take, serverRun],
  );
  const { seenRun, seenIsLimited, seenTenant } = (rows[0] as EntityRow<Event, SeenOnce>).rest;
  return {
    events: rows.flatMap(({ entity }) => entity ?? []),
    serverRun: seenRun,
    // Whoever may see all of it sees the same, whoever they are.
    scope: renderScope(seenRun, seenIsLimited ? seenTenant : null),
    isHidden: seenIsLimited && seenTenant === null,
  };
}

/** Stands in every row. */
interface SeenOnce {
  readonly seenRun: string;
  readonly seenIsLimited: boolean;
  readonly seenTenant: string | null;
}

/** The cursor of a reader that has seen the log up to this event. */
export function renderEventCursor({ globalPosition, id }: Event): string {
  return renderPageCursor({ position: globalPosition, id });
}

const minimum = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const maximum = (a: bigint, b: bigint): bigint => (a > b ? a : b);
