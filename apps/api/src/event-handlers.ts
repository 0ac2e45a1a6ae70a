import type { EventHandler } from '@holdfast/db';

/**
 * What follows from events, by their type. An event of another type counts as done as soon as a worker sees it, so that
 * the events that wait are those that something follows from.
 */
export const EVENT_HANDLERS: Readonly<Record<string, EventHandler>> = Object.freeze({});
