import type { EntityManager } from 'typeorm';
import type { Event } from '../entities/event.entity';

/** What a handler is given beside the event. */
export interface HandlerContext {
  /**
   * Of the transaction that marks the event as done, where claims are locks: what is written with it is written exactly once.
   * Where claims are leases, of no transaction.
   */
  readonly manager: EntityManager;
  /** The same for each attempt at this event: for effects elsewhere, which may happen more than once. */
  readonly idempotencyKey: string;
  /** 1 for the first. An attempt that ended with its process is not counted. */
  readonly attempt: number;
  /** Aborts when the worker is to stop, or has lost its claim. */
  readonly signal: AbortSignal;
}

/** Does what follows from an event. The event is tried again later if it fails. */
export type EventHandler = (event: Event, context: HandlerContext) => Promise<void>;
