import {
  type Backoff,
  exponential,
  InvalidOptionError,
  MAX_TIMER_MS,
  requireNumber,
  type StructuredLogger,
} from '@holdfast/resilience';
import type { EventHandler } from './event-handler';

export interface EventWorkerOptions {
  /** By type of event. All workers on one log have the same ones. */
  readonly handlers: Readonly<Record<string, EventHandler>>;
  /**
   * What becomes of an event of another type. `fail`: its attempts fail, and it ends as a dead letter that can be replayed; so
   * no event is lost to a worker of an older release, or to a name with a typing error. `done`: nothing follows from it, and it is
   * marked as done for good. A handler: it is for all of them, also of types that nobody knows yet. Default `fail`.
   */
  readonly otherTypes?: 'fail' | 'done' | EventHandler;
  /** Ends the worker: it finishes the event in hand, marks what is done, and returns. */
  readonly signal: AbortSignal;
  /**
   * `lock`: a batch is one transaction, which holds its events by row locks. `lease`: each event is marked by a transaction
   * of its own after its handler has run outside of one; for handlers that take long, and for servers that refuse SKIP LOCKED.
   * All workers on one log claim in the same way: leases do not see row locks. Default `lock`.
   */
  readonly claims?: 'lock' | 'lease';
  /** Events taken at once, 1 to 500. Default 50. */
  readonly batchSize?: number;
  /** Between looks while nothing is announced, in milliseconds. Default 1000. */
  readonly pollMs?: number;
  /** How long a lease lasts unless it is renewed, which happens three times as often; in milliseconds. Default 30 000. */
  readonly leaseMs?: number;
  /** Waits between the attempts at an event. Default: exponential from 1 s to 60 s, half of each by chance. */
  readonly backoff?: Backoff;
  /** Told of attempts that failed, and of failures of the database. Default: nobody. */
  readonly logger?: StructuredLogger;
}

export type WorkerSettings = Required<Omit<EventWorkerOptions, 'logger'>> &
  Pick<EventWorkerOptions, 'logger'>;

/** Defaults of `runEventWorker`; times in milliseconds. */
export const EVENT_WORKER_DEFAULTS = Object.freeze({
  otherTypes: 'fail',
  claims: 'lock',
  batchSize: 50,
  pollMs: 1_000,
  leaseMs: 30_000,
  baseDelayMs: 1_000,
  maxDelayMs: 60_000,
});

/** @throws InvalidOptionError naming the option, the value and what is allowed. */
export function requireWorkerOptions(options: EventWorkerOptions): WorkerSettings {
  const { baseDelayMs, maxDelayMs, ...defaults } = EVENT_WORKER_DEFAULTS;
  const settings: WorkerSettings = {
    ...defaults,
    backoff: exponential({ baseDelayMs, maxDelayMs, jitter: 'equal' }),
    ...options,
  };
  if (settings.claims !== 'lock' && settings.claims !== 'lease') {
    throw new InvalidOptionError('claims', settings.claims, "'lock' or 'lease'");
  }
  const { otherTypes } = settings;
  if (otherTypes !== 'fail' && otherTypes !== 'done' && typeof otherTypes !== 'function') {
    throw new InvalidOptionError('otherTypes', otherTypes, "'fail', 'done' or a handler");
  }
  requireNumber('batchSize', settings.batchSize, { min: 1, max: 500, integer: true });
  requireNumber('pollMs', settings.pollMs, { min: 1, max: MAX_TIMER_MS });
  requireNumber('leaseMs', settings.leaseMs, { min: 100, max: MAX_TIMER_MS });
  return settings;
}
