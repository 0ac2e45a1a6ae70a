import { listErrorChain } from '@holdfast/resilience';
import type { EntityManager } from 'typeorm';
import { MAX_EVENT_ATTEMPTS } from '../entities/event.entity';
import { type EventKey, isOneOf, keyArrays } from './event-key';

const MOST_ERROR_CHARACTERS = 500;

/** The events are done, and no note of them is left. Gives how many of them were not done before. */
export async function markDone(manager: EntityManager, keys: readonly EventKey[]): Promise<number> {
  if (keys.length === 0) return 0;
  const [, count] = await manager.query<[unknown[], number]>(
    `with forgotten as (delete from event_leases l where ${isOneOf('l')})
    update events e set processed = true where ${isOneOf('e')} and e.processed = false`,
    keyArrays(keys),
  );
  return count;
}

/** What became of an event whose handler failed. */
export interface FailureMark {
  readonly attempts: number;
  readonly isDeadLetter: boolean;
}

/**
 * The attempt is counted, with why it failed; there is another one after the delay, or none if this was the last. Undefined if
 * the event is done.
 */
export async function markFailed(
  manager: EntityManager,
  key: EventKey,
  { error, delayMs }: { readonly error: unknown; readonly delayMs: number },
): Promise<FailureMark | undefined> {
  const [[row]] = await manager.query<[{ attempts: number }[]]>(
    `update events e set retry_count = retry_count + 1, last_error = $4::text
    where ${isOneOf('e')} and not processed
    returning retry_count as attempts`,
    [...keyArrays([key]), renderError(error)],
  );
  if (row === undefined) return undefined;
  const isDeadLetter = row.attempts >= MAX_EVENT_ATTEMPTS;
  if (isDeadLetter) await manager.query(`delete from event_leases l where ${isOneOf('l')}`, keyArrays([key]));
  else await manager.query(WAIT, [key.aggregateType, key.aggregateId, key.aggregateVersion, delayMs]);
  return { attempts: row.attempts, isDeadLetter };
}

const WAIT = `
  insert into event_leases (aggregate_type, aggregate_id, aggregate_version, not_before)
  values ($1, $2, $3, clock_timestamp() + $4::float8 * interval '1 ms')
  on conflict (aggregate_type, aggregate_id, aggregate_version) do update
  set token = null, lease_until = null, not_before = excluded.not_before`;

/**
 * Class and code of an error and of what caused it. A message may hold values of rows, as that of a text that is no number does, and
 * this is kept, and shown to whoever is on call; the log has the rest.
 */
function renderError(error: unknown): string {
  if (!(error instanceof Error)) return 'a handler failed with something that is no error';
  const causes = listErrorChain(error).filter((link) => link instanceof Error && !/^error$/i.test(link.name));
  const links = [error, ...causes.filter((link) => link !== error)] as readonly Error[];
  return links.map(renderLink).join(', by ').slice(0, MOST_ERROR_CHARACTERS);
}

function renderLink(error: Error): string {
  const { code } = error as { readonly code?: unknown };
  const words = [error.name, code].filter((word) => typeof word === 'string' && WORD.test(word));
  return words.length === 0 ? 'Error' : words.join(' ');
}

/** As names of classes and codes are; anybody may write anything there. */
const WORD = /^[\w$]{1,80}$/;
