import { APPEND_LIMITS, type AppendRequest, type NewEvent } from './append-request';
import { requireValidQuery } from './event-query';
import { InvalidAppendError } from './invalid-append-error';
import { requireText as requireTextOf } from './require-text';
import type { StreamsAppendRequest } from './streams-append-request';

const {
  typeLength,
  keyLength,
  tagLength,
  tags: mostTags,
  version: lastVersion,
  streams: mostStreams,
  events: mostEvents,
} = APPEND_LIMITS;

const FIRST_MS = Date.parse('0001-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Checks what can be told of an append without the database.
 *
 * @throws InvalidAppendError that names the part at fault.
 */
export function requireValidAppend(
  { aggregateType, expectedVersion, events }: AppendRequest,
  prefix = '',
): void {
  requireText(`${prefix}aggregateType`, aggregateType, typeLength);
  if (!Number.isInteger(expectedVersion) || expectedVersion < 0 || expectedVersion > lastVersion) {
    refuse(
      `${prefix}expectedVersion`,
      `is ${expectedVersion}; allowed is a whole number from 0 to ${lastVersion}`,
    );
  }
  if (events.length === 0) refuse(`${prefix}events`, 'an append needs at least one event');
  requireFewEvents(`${prefix}events`, events.length);
  if (expectedVersion + events.length > lastVersion) {
    refuse(
      `${prefix}events`,
      `${events.length} after version ${expectedVersion}; the last version is ${lastVersion}`,
    );
  }
  for (const [at, event] of events.entries()) requireValidEvent(`${prefix}events.${at}`, event);
  requireUsableKeys(events, prefix);
}

/**
 * Checks what can be told of an append to several streams without the database.
 *
 * @throws InvalidAppendError, or InvalidEventQueryError for its condition.
 */
export function requireValidStreams({ streams, condition }: StreamsAppendRequest): void {
  if (streams.length < 1 || streams.length > mostStreams) {
    refuse('streams', `${streams.length}; allowed are 1 to ${mostStreams}`);
  }
  requireFewEvents(
    'streams',
    streams.reduce((sum, { events }) => sum + events.length, 0),
  );
  const isKeyed = streams[0]?.events[0]?.idempotencyKey !== undefined;
  const seen = new Set<string>();
  for (const [at, stream] of streams.entries()) {
    const path = `streams.${at}`;
    requireValidAppend(stream, `${path}.`);
    const name = JSON.stringify([stream.aggregateType, stream.aggregateId.toLowerCase()]);
    if (seen.has(name)) refuse(path, 'another stream of this append is the same');
    seen.add(name);
    if ((stream.events[0]?.idempotencyKey !== undefined) !== isKeyed) {
      refuse(`${path}.events.0.idempotencyKey`, 'every event of an append has a key, or none');
    }
  }
  if (condition !== undefined) requireValidQuery(condition.query);
}

function requireFewEvents(path: string, count: number): void {
  if (count > mostEvents) refuse(path, `${count} events; allowed are 1 to ${mostEvents}`);
}

/** Locks are kept in a table of the server that all sessions share. */
export function requireFewLocks(locks: number): void {
  if (locks > APPEND_LIMITS.boundaries) {
    refuse('events', `${locks} different types and tags; allowed are ${APPEND_LIMITS.boundaries}`);
  }
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
function requireUsableKeys(events: readonly NewEvent[], prefix: string): void {
  const keyed = events.filter(({ idempotencyKey }) => idempotencyKey !== undefined);
  if (keyed.length === 0) return;
  const seen = new Set<string>();
  for (const [at, { idempotencyKey }] of events.entries()) {
    const path = `${prefix}events.${at}.idempotencyKey`;
    if (idempotencyKey === undefined) refuse(path, 'missing; every event of an append has a key, or none');
    if (seen.has(idempotencyKey)) refuse(path, 'another event of this append has it');
    seen.add(idempotencyKey);
  }
}

function requireText(path: string, text: string, maxLength: number): void {
  requireTextOf(path, text, maxLength, refuse);
}

function refuse(path: string, reason: string): never {
  throw new InvalidAppendError({ path, reason });
}
