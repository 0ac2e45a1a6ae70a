import { performance } from 'node:perf_hooks';
import type { StructuredLogger } from '@holdfast/resilience';
import { explainFailure } from '../connection/connection-lost-error';
import type { PooledClient } from '../connection/pooled-client';
import type { PostgresEmitter, RemovalReason } from '../events/postgres-events';
import { renderSite } from './call-site';
import type { Lease } from './lease';

/** Tells listeners and the log what one pool does. */
export class PoolReporter {
  readonly pool: string;
  readonly events: PostgresEmitter;
  readonly logger: StructuredLogger | undefined;

  constructor(pool: string, events: PostgresEmitter, logger: StructuredLogger | undefined) {
    this.pool = pool;
    this.events = events;
    this.logger = logger;
  }

  connected({ createdAtMs }: PooledClient): void {
    this.events.emit('connect', { pool: this.pool, createMs: performance.now() - createdAtMs });
  }

  /** What ends because the pool closes has not failed. */
  connectFailed(error: unknown, isClosing: boolean): void {
    if (!isClosing) this.events.emit('connectFailed', { pool: this.pool, error });
  }

  acquired(waitMs: number): void {
    if (this.events.isHeard('acquire')) this.events.emit('acquire', { pool: this.pool, waitMs });
  }

  acquireFailed(waitMs: number, error: unknown): void {
    this.events.emit('acquireFailed', { pool: this.pool, waitMs, error });
  }

  released(useMs: number): void {
    if (this.events.isHeard('release')) this.events.emit('release', { pool: this.pool, useMs });
  }

  /** A connection came back that nobody else may have; the caller does not know. */
  closedUnfit(reason: RemovalReason): void {
    this.logger?.warn('A connection was closed instead of pooled', { pool: this.pool, reason });
  }

  removed(client: PooledClient, isClosing: boolean): void {
    const suffered: RemovalReason = isClosing ? 'closing' : client.isDoomed ? 'lost' : 'idle';
    const ageMs = performance.now() - client.createdAtMs;
    this.events.emit('remove', { pool: this.pool, reason: client.removal ?? suffered, ageMs });
  }

  idleFailed(error: Error, client: PooledClient): void {
    // node-postgres hangs the client on it, and with it the key that cancels its statements.
    Object.defineProperty(error, 'client', { enumerable: false });
    this.events.emit('error', { pool: this.pool, error: explainFailure(client, error) });
  }

  leaked({ acquiredAtMs, site }: Lease): void {
    const heldMs = performance.now() - acquiredAtMs;
    const place = renderSite(site);
    this.events.emit('leak', { pool: this.pool, heldMs, site: place });
    const fields = { pool: this.pool, heldMs: Math.round(heldMs), site: place };
    this.logger?.warn('A connection is held for long and may have been forgotten', fields);
  }

  cut(count: number): void {
    this.logger?.warn('Connections were cut because the pool closed', { pool: this.pool, cut: count });
  }
}
