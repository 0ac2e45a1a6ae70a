import { APPEND_LIMITS } from './append-request';
import { requireText } from './require-text';

/** Matches an event whose type is one of the types, if they are given, and that has all of the tags. */
export interface EventQueryItem {
  /** At least one, at most 50. Default: any type. */
  readonly types?: readonly string[] | undefined;
  /**
   * At most 20. Default: none is asked for. The narrowest first: an append with a condition waits for others that write or
   * ask for the first one.
   */
  readonly tags?: readonly string[] | undefined;
}

/** Matches an event that any of its items matches: at least one item, at most 20. */
export type EventQuery = readonly EventQueryItem[];

/** What a query may hold. */
export const QUERY_LIMITS = Object.freeze({ items: 20, types: 50, tags: 20 });

/** A query that means nothing, or everything. */
export class InvalidEventQueryError extends Error {
  override readonly name = 'InvalidEventQueryError';
  readonly code = 'HOLDFAST_INVALID_EVENT_QUERY';

  constructor(
    /** The part at fault, as `query.0.tags`. */
    readonly path: string,
    /** What is wrong with it; never the value. */
    readonly reason: string,
  ) {
    super(`${path}: ${reason}`);
  }
}

/** @throws InvalidEventQueryError that names the part at fault. */
export function requireValidQuery(query: EventQuery): void {
  requireCount('query', query, 1, QUERY_LIMITS.items);
  for (const [at, { types, tags }] of query.entries()) {
    const path = `query.${at}`;
    if (types === undefined && (tags ?? []).length === 0) {
      refuse(path, 'needs types or tags; without either it matches every event');
    }
    if (types !== undefined) requireTexts(`${path}.types`, types, 1, QUERY_LIMITS.types);
    if (tags !== undefined) requireTexts(`${path}.tags`, tags, 0, QUERY_LIMITS.tags);
  }
}

/** The first item that matches an event. */
export function findMatchedItem(query: EventQuery, { eventType, tags }: MatchableEvent): number {
  return query.findIndex(
    (item) =>
      (item.types?.includes(eventType) ?? true) && (item.tags?.every((tag) => tags.includes(tag)) ?? true),
  );
}

interface MatchableEvent {
  readonly eventType: string;
  readonly tags: readonly string[];
}

function requireTexts(path: string, texts: readonly string[], min: number, max: number): void {
  requireCount(path, texts, min, max);
  for (const [at, text] of texts.entries()) {
    requireText(`${path}.${at}`, text, APPEND_LIMITS.tagLength, refuse);
    if (text.includes('\0')) refuse(`${path}.${at}`, 'holds the character U+0000, which no event has');
  }
}

function requireCount(path: string, list: readonly unknown[], min: number, max: number): void {
  if (list.length < min || list.length > max) refuse(path, `${list.length}; allowed are ${min} to ${max}`);
}

function refuse(path: string, reason: string): never {
  throw new InvalidEventQueryError(path, reason);
}
