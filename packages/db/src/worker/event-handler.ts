import type { EntityManager } from 'typeorm';
import type { Event } from '../entities/event.entity';

/** What a handler is given beside the event. */
export interface HandlerContext {
  /**
   * Of the transaction that marks the event as done, where claims are locks: what is written with it is written exactly once.
   * Where claims are leases, of no transaction. What a handler sets by SET LOCAL or set_config, a role included, lasts for the
   * mark of its events, and for no other handler: the batch ends with it. What a function of the database sets is not seen here, and
   * the function takes it back.
   */
  readonly manager: EntityManager;
  /** The same for each attempt at this event: for effects elsewhere, which may happen more than once. */
  readonly idempotencyKey: string;
  /** 1 for the first. An attempt that ended with its process is not counted. */
  readonly attempt: number;
  /** Aborts when the worker is to stop, or has lost its claim. */
  readonly signal: AbortSignal;
}

/** An event has a type that no handler was given for, and that was not said to need none. */
export class NoEventHandlerError extends Error {
  override readonly name = 'NoEventHandlerError';
  readonly code = 'HOLDFAST_NO_EVENT_HANDLER';

  constructor(readonly eventType: string) {
    super(`there is no handler for events of the type ${eventType}`);
  }
}

/**
 * What handles the event; undefined where nothing follows from it.
 *
 * @throws NoEventHandlerError
 */
export function handlerOf(
  { eventType }: Event,
  {
    handlers,
    otherTypes,
  }: {
    readonly handlers: Readonly<Record<string, EventHandler>>;
    readonly otherTypes: 'fail' | 'done' | EventHandler;
  },
): EventHandler | undefined {
  const handler = Object.hasOwn(handlers, eventType) ? handlers[eventType] : undefined;
  if (handler === undefined && typeof otherTypes === 'function') return otherTypes;
  if (handler === undefined && otherTypes === 'fail') throw new NoEventHandlerError(eventType);
  return handler;
}

/** Does what follows from an event. The event is tried again later if it fails. */
export type EventHandler = (event: Event, context: HandlerContext) => Promise<void>;
