import { createRepository, type EntityRow } from '@holdfast/postgres';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { Event } from '../entities/event.entity';
import { LAST_POSITION, nothingSettled, SERVER_RUN, type SettledPosition } from '../log/watermark';
import { watermarkOf } from '../log/watermarks';
import { InvalidCursorError } from '../repositories/keyset';
import { requireLimit } from '../repositories/limit';
import { readOpaque, renderOpaque } from '../repositories/opaque-text';
import { cursorPosition } from '../repositories/sort-key';
import { type EventQuery, requireValidQuery } from './event-query';
import { readSeen, renderSeen, type SeenEvents, toSeenParameter } from './seen-events';

export interface QueryReadRequest {
  /** 1 to 500. Default 500. */
  readonly limit?: number | undefined;
  /** `nextCursor` of the part before; left out for the first one. */
  readonly cursor?: string | undefined;
}

export interface QueryRead {
  /** In order of positions. */
  readonly events: readonly Event[];
  /** For the condition of an append that rests on these events. Opaque; the same for all parts of one reading. */
  readonly after: string;
  /** Give it back to read on, of what the first part saw; null where this is the last one. */
  readonly nextCursor: string | null;
}

/**
 * The events that a query matches, as one snapshot shows them, and a token for the condition of the append that is decided
 * from them. All parts are read before the decision.
 *
 * In a transaction that acts for a key, what it may see. Planned for its types and tags each time. Index: idx_events_tags, or idx_events_type_timeline where no tag is asked for, or
 * idx_events_global_position where most events match.
 *
 * @throws InvalidEventQueryError, InvalidLimitError, InvalidCursorError
 */
export async function readByQuery(
  manager: EntityManager,
  query: EventQuery,
  { limit = 500, cursor }: QueryReadRequest = {},
): Promise<QueryRead> {
  requireValidQuery(query);
  const take = requireLimit(limit);
  const [from, seen] = cursor === undefined ? ['0', undefined] : readCursor(cursor);
  const settled = seen === undefined ? await readSettled(manager) : nothingSettled(seen.serverRun);
  const repository = createRepository(manager, Event);
  const rows = await repository.queryRows<SeenOnce>(
    `select s.*, e.*
    from (
      select
        pg_current_snapshot()::text as "seenSnapshot",
        pg_snapshot_xmin(pg_current_snapshot())::text as "seenOldest",
        pg_current_xact_id_if_assigned()::text as "seenOwn",
        ${LAST_POSITION} as "seenLast",
        ${SERVER_RUN} as "seenRun"
    ) s
    left join (
      select ${repository.columnsOf('e')}
      from tenancy.events_by_query($1, $2, $3, false, false, $4) e
    ) e on true
    order by e.global_position`,
    [JSON.stringify(query), from, seen === undefined ? null : toSeenParameter(seen), take + 1],
  );
  const events = rows.flatMap(({ entity }) => entity ?? []);
  const after = renderSeen(seen ?? seenOf((rows[0] as EntityRow<Event, SeenOnce>).rest, settled));
  const last = events.length > take ? events[take - 1] : undefined;
  return {
    events: events.slice(0, take),
    after,
    nextCursor: last === undefined ? null : renderCursor(last.globalPosition, after),
  };
}

/** Stands in every row. */
interface SeenOnce {
  readonly seenSnapshot: string;
  readonly seenOldest: string;
  /** Id of the reader's own transaction, if it has one. */
  readonly seenOwn: string | null;
  readonly seenLast: string;
  readonly seenRun: string;
}

/** How far the log is settled: what an append checks later begins there. In a transaction, what was known before. */
async function readSettled(manager: EntityManager): Promise<SettledPosition> {
  const watermark = watermarkOf(manager.dataSource);
  if (manager.queryRunner?.isTransactionActive === true) return watermark.settled;
  return (await watermark.advance(manager)).settled;
}

function seenOf(row: SeenOnce, settled: SettledPosition): SeenEvents {
  // A snapshot that is older than what is settled, as that of a transaction that is REPEATABLE READ, need not show all of it.
  const showsSettled =
    row.seenRun === settled.serverRun && BigInt(row.seenOldest) >= BigInt(settled.nextTransactionId);
  return {
    snapshot: row.seenSnapshot,
    settled: showsSettled ? settled.position : '0',
    last: row.seenLast,
    own: row.seenOwn,
    serverRun: row.seenRun,
  };
}

const queryCursor = z.tuple([z.literal('events-by-query'), cursorPosition, z.string()]);

const renderCursor = (position: string, after: string): string =>
  renderOpaque(['events-by-query', position, after]);

function readCursor(text: string): [position: string, seen: SeenEvents] {
  try {
    const [, position, after] = readOpaque(text, queryCursor);
    return [position, readSeen(after)];
  } catch {
    throw new InvalidCursorError('events-by-query');
  }
}
