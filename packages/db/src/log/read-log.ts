import type { DataSource, EntityManager } from 'typeorm';
import type { Event } from '../entities/event.entity';
import { requireLimit } from '../repositories/limit';
import { selectEvent, toEvent } from './event-row';
import { readLogCursor, renderLogCursor } from './log-cursor';
import type { LogWatermark } from './watermark';
import { watermarkOf } from './watermarks';

export interface LogRequest {
  /** `cursor` of the stretch before. Default: from the first event. */
  readonly after?: string | undefined;
  /** 1 to 500. Default 500. */
  readonly limit?: number | undefined;
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
  /** The oldest transaction that still runs, where the log could not be read to its end because of it: an `xid8` as digits. */
  readonly heldBackBy: string | undefined;
}

/**
 * What stands in the log after a cursor. Who reads on from cursor to cursor gets every event once, whatever was in flight: it
 * ends before the first position whose fate is open. A transaction that writes for long holds it back, also one that
 * writes elsewhere on the server, and loses nothing.
 *
 * Two statements on the primary, each outside of a transaction. Index: idx_events_global_position.
 *
 * @throws InvalidCursorError, InvalidLimitError, LogPrivilegeError
 */
export async function readLog(
  dataSource: DataSource,
  { after, limit = 500, watermark = watermarkOf(dataSource) }: LogRequest = {},
): Promise<LogStretch> {
  const from = after === undefined ? '0' : readLogCursor(after);
  const take = requireLimit(limit);
  const { manager } = dataSource;
  const { settled, last, heldBackBy } = await watermark.advance(manager);
  const events = await readPositions(manager, { from, to: settled.position, take });
  const isFull = events.length === take;
  // What is settled and not there was rolled back: it need not be looked for again.
  const end = isFull ? (events.at(-1) as Event).globalPosition : maximum(from, settled.position);
  const lag = Number(BigInt(last) - BigInt(end));
  return {
    events,
    cursor: renderLogCursor(end),
    lag: Math.max(0, lag),
    heldBackBy: isFull ? undefined : heldBackBy,
  };
}

/** Events of the positions after one, up to another. Index: idx_events_global_position. */
export async function readPositions(
  manager: EntityManager,
  { from, to, take }: { readonly from: string; readonly to: string; readonly take: number },
): Promise<Event[]> {
  const rows = await manager.query<object[]>(
    `select ${selectEvent(manager)}
    from events e
    where e.global_position > $1::bigint and e.global_position <= $2::bigint
    order by e.global_position
    limit $3::integer`,
    [from, to, take],
  );
  return rows.map(toEvent);
}

function maximum(a: string, b: string): string {
  return BigInt(a) > BigInt(b) ? a : b;
}
