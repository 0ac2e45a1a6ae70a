import { setTimeout } from 'node:timers/promises';
import type { Event, LogFeed, LogPage, SettledPosition } from '@holdfast/db';
import { createDeadline } from '@holdfast/resilience';
import type { Database } from '../database';
import { isOutage } from '../is-outage';
import { findLogEnd } from './find-log-end';
import { readLog } from './read-log';

/** How a log is followed. */
export interface TailRequest {
  /** Where to begin. Default: where `from` says. */
  readonly after?: string | undefined;
  /** `end`: only what is committed from now on. Default: `start`, at the first event. */
  readonly from?: 'start' | 'end' | undefined;
  /** Only events of these types. Default: all. */
  readonly types?: readonly string[] | undefined;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Longest that nothing is said, in ms. */
  readonly heartbeatMs: number;
}

/** What a tail says: events, or none when there is nothing new, and where it stands. */
export interface TailStretch {
  readonly events: readonly Event[];
  readonly cursor: string | undefined;
}

/** At once in memory for each that follows. */
const STRETCH = 100;
/** Of one page, retries included. */
const READ_DEADLINE_MS = 5_000;
const OUTAGE_PAUSE_MS = 1_000;

/**
 * Follows the log: the first stretch at once, also when it is empty, then events as soon as they can be read, until the signal aborts.
 * Asks for more only when it is asked for more. An outage of the database is waited out. From the end on it shows whatever is committed
 * after the first stretch was there.
 *
 * @throws InvalidCursorError, LogRewoundError, LogHiddenError; before the first stretch also what an outage fails with.
 */
export async function* tailLog(
  database: Database,
  feed: LogFeed,
  { after, from, types, signal, heartbeatMs }: TailRequest,
): AsyncGenerator<TailStretch, void, undefined> {
  const wanted = types && new Set(types);
  const select = ({ events, cursor }: LogPage): TailStretch => ({
    events: wanted ? events.filter(({ eventType }) => wanted.has(eventType)) : events,
    cursor,
  });
  let seen: SettledPosition | undefined;
  const begin = after ?? (from === 'end' ? await findLogEnd(database, signal) : undefined);
  let page = await readWithin(database, { after: begin });
  yield select(page);
  while (!signal.aborted) {
    const reading = await feed.wait({ seen, signal, longestMs: heartbeatMs });
    if (reading === undefined) {
      if (!signal.aborted) yield { events: [], cursor: page.cursor };
      continue;
    }
    try {
      do {
        page = await readWithin(database, { after: page.cursor, reading });
        yield select(page);
      } while (!page.isAtEnd && !signal.aborted);
      seen = reading.settled;
    } catch (error) {
      if (!isOutage(error)) throw error;
      yield { events: [], cursor: page.cursor };
      await setTimeout(OUTAGE_PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

function readWithin(database: Database, request: Parameters<typeof readLog>[1]): Promise<LogPage> {
  return readLog(database.within(createDeadline(READ_DEADLINE_MS)), { ...request, limit: STRETCH });
}
