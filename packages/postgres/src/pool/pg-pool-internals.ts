import type { PoolClient } from 'pg';
import type { PooledClient } from '../connection/pooled-client';
import { needsValidation } from './validate-connection';
import type { ConnectCallback } from './waiter';

/** What pg-pool has in every release and does not show in its types. */
export interface PgPoolInternals {
  /** Opens a connection even when another is idle. */
  newClient(pending: { readonly callback: ConnectCallback }): void;
  /** The class of its clients. */
  readonly Client: typeof PooledClient;
  /** The idle clients, the one that was used last at the end. */
  readonly _idle: IdleItem[];
  /** Hands a client to a caller. */
  _acquireClient(client: object, pending: Pending, idleListener: unknown, isNew: boolean): void;
  /** Clients whose lifetime is over, until they leave. */
  readonly _expired: WeakSet<object>;
}

interface IdleItem {
  readonly client: PooledClient;
  readonly idleListener: unknown;
  /** Closes the client when it has been idle for long. */
  readonly timeoutId: NodeJS.Timeout | undefined;
}

interface Pending {
  readonly callback: ConnectCallback;
}

/**
 * Takes the idle client that was used last, for whoever calls `_acquireClient` with the answer. pg-pool itself does this one
 * tick later, and sets a timer for the wait until then.
 */
export function takeIdle(idle: IdleItem[], callback: ConnectCallback) {
  const { client, idleListener, timeoutId } = idle.pop() as IdleItem;
  clearTimeout(timeoutId);
  return [client, { callback }, idleListener, false] as const;
}

/** Hands out the idle client that was used last; undefined where there is none, or it has to be validated first. */
export function handOutFit(
  pool: PgPoolInternals,
  validateAfterMs: number,
): (PoolClient & PooledClient) | undefined {
  const last = pool._idle.at(-1)?.client as (PoolClient & PooledClient) | undefined;
  if (last === undefined || needsValidation(last.idleSinceMs, validateAfterMs)) return undefined;
  last.idleSinceMs = undefined;
  pool._acquireClient(...takeIdle(pool._idle, ignore));
  return last;
}

function ignore(): void {}

/** A connection is closed up to a quarter of its lifetime early. */
const JITTER = 0.25;

/**
 * Each connection gets a lifetime of its own, from three quarters of `lifetimeMs` to all of it; 0 means none. pg-pool knows
 * one lifetime for all, and connections that were opened together would all be closed together, under load. It reads the
 * option for each new connection, twice.
 */
export function drawLifetimeSeconds(options: object, lifetimeMs: number, random: () => number): void {
  Object.defineProperty(options, 'maxLifetimeSeconds', {
    enumerable: true,
    get: () => (lifetimeMs * (1 - JITTER * random())) / 1_000,
  });
}
