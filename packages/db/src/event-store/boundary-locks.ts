import { createHash } from 'node:crypto';
import { LAST_POSITION, SERVER_RUN } from '../log/watermark';
import type { NewEvent } from './append-request';
import type { EventQuery } from './event-query';

/**
 * The first of the two numbers of every lock here, which tells them from the advisory locks of others: "Hold" in ASCII. Taken with
 * two numbers they never meet locks that are taken with one.
 */
const NAMESPACE = 0x48_6f_6c_64;

/** Locks on the types and tags that an append is about, held until its transaction ends. */
export interface BoundaryLocks {
  /** Sorted, each once: of any two appends one gets all that both want. */
  readonly keys: readonly number[];
  /** For each key: whether nobody else may hold it. */
  readonly areExclusive: readonly boolean[];
}

/**
 * The locks of an append: shared ones for what its events are, and exclusive ones for what its condition asks. A condition is
 * checked while its locks are held, so that no event that it matches is between having been written and being seen. One tag of an
 * item is enough, as each event that the item matches has that tag.
 *
 * Two texts of one hash share a lock: one append waits for another without need, and nothing else.
 */
export function planLocks(events: readonly NewEvent[], query: EventQuery = []): BoundaryLocks {
  const locks = new Map<number, boolean>();
  for (const { eventType, tags = [] } of events) {
    locks.set(keyOf('type', eventType), false);
    for (const tag of tags) locks.set(keyOf('tag', tag), false);
  }
  for (const { types = [], tags: [tag] = [] } of query) {
    if (tag !== undefined) locks.set(keyOf('tag', tag), true);
    else for (const type of types) locks.set(keyOf('type', type), true);
  }
  const sorted = [...locks].sort(([a], [b]) => a - b);
  return { keys: sorted.map(([key]) => key), areExclusive: sorted.map(([, exclusive]) => exclusive) };
}

/**
 * SQL that has taken shared locks on the keys, when it is evaluated, and is true. As a condition of an insert that looks at no column it is
 * evaluated before the first row is written: a writer that waits for a lock then holds no place in a stream that another waits for.
 */
export const takeSharedLocks = (keys: string): string =>
  `(select count(pg_advisory_xact_lock_shared(${NAMESPACE}, k)) from unnest(${keys}::integer[]) as k) >= 0`;

/** What is true once the locks are taken. */
export interface LocksTaken {
  readonly isolation: string;
  /** The last position given out. */
  readonly last: string;
  readonly serverRun: string;
}

/** Takes the locks, in the order of the keys. */
export const TAKE_LOCKS = `
  select
    count(
      case when is_exclusive
        then pg_advisory_xact_lock(${NAMESPACE}, key)
        else pg_advisory_xact_lock_shared(${NAMESPACE}, key)
      end
    ) as taken,
    current_setting('transaction_isolation') as isolation,
    ${LAST_POSITION} as last,
    ${SERVER_RUN} as "serverRun"
  from unnest($1::integer[], $2::boolean[]) as t (key, is_exclusive)`;

/** Types and tags of one text are told apart. Much used ones are few, so that their hashes are kept. */
function keyOf(kind: 'type' | 'tag', text: string): number {
  const name = `${kind}:${text}`;
  const known = KEYS.get(name);
  if (known !== undefined) return known;
  const key = createHash('sha256').update(name).digest().readInt32BE(0);
  if (KEYS.size >= MOST_KEYS) KEYS.clear();
  KEYS.set(name, key);
  return key;
}

const MOST_KEYS = 10_000;
const KEYS = new Map<string, number>();
