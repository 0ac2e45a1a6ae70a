import { APPEND_LIMITS, type AppendRequest, type NewEvent } from './append-request';
import { InvalidAppendError } from './invalid-append-error';

const { typeLength, keyLength, tagLength, tags: mostTags, version: lastVersion } = APPEND_LIMITS;

const FIRST_MS = Date.parse('0001-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Checks what can be told of an append without the database.
 *
 * @throws InvalidAppendError that names the part at fault.
 */
export function requireValidAppend({ aggregateType, expectedVersion, events }: AppendRequest): void {
  requireText('aggregateType', aggregateType, typeLength);
  if (!Number.isInteger(expectedVersion) || expectedVersion < 0 || expectedVersion > lastVersion) {
    refuse('expectedVersion', `is ${expectedVersion}; allowed is a whole number from 0 to ${lastVersion}`);
  }
  if (events.length === 0) refuse('events', 'an append needs at least one event');
  if (expectedVersion + events.length > lastVersion) {
    refuse('events', `${events.length} after version ${expectedVersion}; the last version is ${lastVersion}`);
  }
  for (const [at, event] of events.entries()) requireValidEvent(`events.${at}`, event);
  requireUsableKeys(events);
}

function requireValidEvent(
  path: string,
  { eventType, eventTimestamp, tags = [], idempotencyKey }: NewEvent,
): void {
  requireText(`${path}.eventType`, eventType, typeLength);
  const atMs = eventTimestamp?.getTime() ?? FIRST_MS;
  if (!(atMs >= FIRST_MS && atMs <= LAST_MS)) {
    refuse(`${path}.eventTimestamp`, 'outside of the years 1 to 9999 in UTC');
  }
  if (tags.length > mostTags) refuse(`${path}.tags`, `${tags.length}; allowed are ${mostTags}`);
  for (const [at, tag] of tags.entries()) requireText(`${path}.tags.${at}`, tag, tagLength);
  if (idempotencyKey !== undefined) requireText(`${path}.idempotencyKey`, idempotencyKey, keyLength);
}

/** With some keys missing or twice the same, a repetition could not be told from a new append. */
function requireUsableKeys(events: readonly NewEvent[]): void {
  const keyed = events.filter(({ idempotencyKey }) => idempotencyKey !== undefined);
  if (keyed.length === 0) return;
  const seen = new Set<string>();
  for (const [at, { idempotencyKey }] of events.entries()) {
    const path = `events.${at}.idempotencyKey`;
    if (idempotencyKey === undefined) refuse(path, 'missing; every event of an append has a key, or none');
    if (seen.has(idempotencyKey)) refuse(path, 'another event of this append has it');
    seen.add(idempotencyKey);
  }
}

function requireText(path: string, text: string, maxLength: number): void {
  if (text.length < 1 || text.length > maxLength) {
    refuse(path, `of ${text.length} characters; allowed are 1 to ${maxLength}`);
  }
  // Outside of JSON the driver would silently replace it.
  if (LONE_SURROGATE.test(text)) refuse(path, 'holds half of a surrogate pair');
}

/** With the flag `u` a whole surrogate pair is one character, so that only half of one matches. */
const LONE_SURROGATE = /\p{Surrogate}/u;

function refuse(path: string, reason: string): never {
  throw new InvalidAppendError({ path, reason });
}
