import { z } from 'zod';
import { readOpaque, renderOpaque } from '../repositories/opaque-text';
import { cursorPosition } from '../repositories/sort-key';
import { InvalidAppendError } from './invalid-append-error';

/** What a reader has seen, as a token tells it: the caller of an append gives it back unchanged. */
export interface SeenEvents {
  /** What of other transactions it saw: a `pg_snapshot`. */
  readonly snapshot: string;
  /** Of the positions up to here it saw every event that there will be. */
  readonly settled: string;
  /** The last position given out by then. */
  readonly last: string;
  /** The run of the server in which it read. In another one ids and positions may have been given out again. */
  readonly serverRun: string;
  /** The transaction that it read in, if that had an id. Of its own events it saw those up to the last position. */
  readonly own: string | null;
}

const SNAPSHOT = /^(\d{1,19}):(\d{1,19}):(\d{1,19}(?:,\d{1,19})*)?$/;

/** Whether PostgreSQL takes it for one: begin and end, and between them, in order, what still ran. */
function isSnapshot(text: string): boolean {
  const [, begin, end, running] = SNAPSHOT.exec(text) ?? [];
  if (begin === undefined || end === undefined || BigInt(begin) < 1n || BigInt(begin) > BigInt(end))
    return false;
  let least = BigInt(begin);
  for (const id of running?.split(',').map(BigInt) ?? []) {
    if (id < least || id >= BigInt(end)) return false;
    least = id;
  }
  return true;
}

const token = z.tuple([
  z.literal('seen'),
  z.string().refine(isSnapshot),
  cursorPosition,
  cursorPosition,
  cursorPosition.nullable(),
  z.string().max(200),
]);

export function renderSeen({ snapshot, settled, last, own, serverRun }: SeenEvents): string {
  return renderOpaque(['seen', snapshot, settled, last, own, serverRun]);
}

/** @throws InvalidAppendError for a text that is no token of a reader. */
export function readSeen(text: string): SeenEvents {
  try {
    const [, snapshot, settled, last, own, serverRun] = readOpaque(text, token);
    return { snapshot, settled, last, own, serverRun };
  } catch {
    throw new InvalidAppendError({
      path: 'condition.after',
      reason: 'is no token of readByQuery; give it back unchanged',
    });
  }
}

/** As the function of the database that finds events by a query takes it. */
export function toSeenParameter({ snapshot, settled, last, own }: SeenEvents): string {
  return JSON.stringify({ snapshot, settled, last, own });
}
