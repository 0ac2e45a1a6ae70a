import { createRepository } from '@holdfast/postgres';
import type { DataSource, EntityManager } from 'typeorm';
import { Event } from '../entities/event.entity';
import { requireLimit } from '../repositories/limit';
import { actFor } from '../tenancy/act-for';
import { LOG_START, type LogPlace, readLogCursor, renderLogCursor } from './log-cursor';
import { type LogWatermark, SERVER_RUN, type SettledPosition } from './watermark';
import { watermarkOf } from './watermarks';

export interface LogRequest {
  /** `cursor` of the stretch before. Default: from the first event. */
  readonly after?: string | undefined;
  /** 1 to 500. Default 500. */
  readonly limit?: number | undefined;
  /** Hash of the API key that the log is read for: what it may not see is left out. Default: all that the role may see. */
  readonly keyHash?: Buffer | undefined;
  /** Tells how far to read. Default: one for the DataSource, which serves a log on one server. */
  readonly watermark?: LogWatermark | undefined;
}

/** A stretch of the whole log. */
export interface LogStretch {
  /** In order of positions, which within a stream is the order of versions. */
  readonly events: readonly Event[];
  /** Give it back to read on. Opaque. */
  readonly cursor: string;
  /** Positions given out that lie behind this stretch: events that can be read, and those that cannot yet. */
  readonly lag: number;
  /** Whether there may be more at once: it ends at its limit, or has looked through many events of others. */
  readonly isMore: boolean;
  /** The oldest transaction that still runs, where the log could not be read to its end because of it: an `xid8` as digits. */
  readonly heldBackBy: string | undefined;
}

/**
 * The log does not hold the event that the cursor stands at: it was restored to an earlier state, or a server took over that had not
 * got all of it. Whoever follows the log has seen events that do not exist, and may miss others at their positions: begin anew.
 */
export class LogRewoundError extends Error {
  override readonly name = 'LogRewoundError';
  readonly code = 'HOLDFAST_LOG_REWOUND';

  constructor(
    /** Of the event that was read: a string of digits. */
    readonly position: string,
  ) {
    super(`the log has not the event that was read from it at position ${position}`);
  }
}

/**
 * What stands in the log after a cursor. Who reads on from cursor to cursor gets every event once, whatever was in flight: it
 * ends before the first position whose fate is open. A transaction that writes for long holds it back, also one that
 * writes elsewhere on the server, and loses nothing.
 *
 * Two statements on the primary, each outside of a transaction unless the log is read for a key. Index: idx_events_global_position.
 *
 * @throws InvalidCursorError, InvalidLimitError, LogPrivilegeError, LogUnsafeError
 * @throws LogRewoundError where the log has not the event of the cursor.
 */
export async function readLog(
  dataSource: DataSource,
  { after, limit = 500, keyHash, watermark = watermarkOf(dataSource) }: LogRequest = {},
): Promise<LogStretch> {
  const from = after === undefined ? LOG_START : readLogCursor(after);
  const take = requireLimit(limit);
  const { manager } = dataSource;
  const { settled, last, heldBackBy } = await watermark.advance(manager);
  if (BigInt(from.position) > BigInt(last)) throw new LogRewoundError(from.position);
  const to = keyHash === undefined ? settled : { ...settled, position: endOfLook(from, settled) };
  const events = await (keyHash === undefined
    ? readPositions(manager, { from, to, take })
    : dataSource.transaction('READ COMMITTED', async (within) => {
        await actFor(within, keyHash);
        return readPositionsForKey(within, { from, to, take });
      }));
  const isFull = events.length === take;
  const end = events.at(-1);
  const reached = isFull ? (end as Event).globalPosition : maximum(from.position, to.position);
  const isMore = isFull || BigInt(reached) < BigInt(settled.position);
  // Not what is settled: beyond the last event nothing need be durable, and a crash may give it out again.
  const place = end === undefined ? from : { position: end.globalPosition, id: end.id };
  const looked = { position: reached, serverRun: settled.serverRun };
  return {
    events,
    cursor: renderLogCursor({ ...place, looked: keyHash === undefined || isFull ? undefined : looked }),
    lag: Math.max(0, Number(BigInt(last) - BigInt(reached))),
    isMore,
    heldBackBy: isMore ? undefined : heldBackBy,
  };
}

/** Positions that a reader for a key looks through at once: of a million, one organization may have a handful. */
const MOST_LOOKED_THROUGH = 50_000n;

function endOfLook(from: LogPlace, settled: SettledPosition): string {
  const end = BigInt(beginOfLook(from, settled)) + MOST_LOOKED_THROUGH;
  return end < BigInt(settled.position) ? String(end) : settled.position;
}

/** Where what may be of the key begins, behind what was looked through in this run of the server. */
function beginOfLook({ position, looked }: LogPlace, { serverRun }: SettledPosition): string {
  return looked?.serverRun === serverRun ? maximum(position, looked.position) : position;
}

/** As `readPositions`, from where the reader has looked in vain; that the log still has its event is looked up apart. */
async function readPositionsForKey(manager: EntityManager, range: LogRange): Promise<Event[]> {
  const { from, to } = range;
  const begin = beginOfLook(from, to);
  if (begin === from.position) return readPositions(manager, range);
  await readPositions(manager, { from, to: { ...to, position: from.position }, take: 1 });
  return readPositions(manager, { ...range, from: { position: begin, id: undefined } });
}

interface LogRange {
  readonly from: LogPlace;
  readonly to: SettledPosition;
  readonly take: number;
}

/**
 * Events of the positions after one, up to what is settled in this run of the server; none in another run.
 * Index: idx_events_global_position.
 *
 * @throws LogRewoundError
 */
export async function readPositions(manager: EntityManager, { from, to, take }: LogRange): Promise<Event[]> {
  const events = createRepository(manager, Event);
  const rows = await events.query(
    `select ${events.columnsOf('e')}
    from events e
    where e.global_position >= $1::bigint and e.global_position <= $2::bigint and ${SERVER_RUN} = $4
    order by e.global_position
    limit $3::integer`,
    [from.position, to.position, take + 1, to.serverRun],
  );
  return withoutPlace(rows, from).slice(0, take);
}

/** Without the event that the reader stands at. @throws LogRewoundError if another one has its position. */
export function withoutPlace(events: readonly Event[], { position, id }: LogPlace): readonly Event[] {
  if (events[0]?.globalPosition !== position) return events;
  if (id !== undefined && events[0].id !== id) throw new LogRewoundError(position);
  return events.slice(1);
}

function maximum(a: string, b: string): string {
  return BigInt(a) > BigInt(b) ? a : b;
}
