import { performance } from 'node:perf_hooks';
import type { QueryResult } from 'pg';
import type { PooledClient } from '../connection/pooled-client';
import type { PostgresEmitter } from '../events/postgres-events';
import { readOperation } from './statement-text';

/** Where a statement is sent. */
interface OperationSource {
  readonly client: PooledClient;
  /** What events call its pool. */
  readonly pool: string;
  readonly requestId: string | undefined;
}

/** Tells listeners of a statement that has ended: with its answer, or with an error. */
export type OperationReport = (answer: QueryResult | undefined, error: unknown) => void;

/**
 * A statement begins of which listeners are told when what this returns is called; undefined where nobody listens.
 * @param waitMs How long its caller had waited for the connection, in milliseconds.
 */
export function openReport(
  events: PostgresEmitter,
  source: OperationSource,
  text: string,
  waitMs: number,
): OperationReport | undefined {
  if (!events.isHeard('operation')) return undefined;
  const startedMs = performance.now();
  return (answer, error) => {
    const durationMs = performance.now() - startedMs;
    const { pool, client, requestId } = source;
    events.emit('operation', {
      pool,
      text,
      operation: readOperation(text),
      startedAtMs: Date.now() - durationMs,
      durationMs,
      waitMs,
      rowCount: answer?.rowCount ?? undefined,
      isPrepared: client.statements?.isPrepared(text) ?? false,
      requestId,
      error,
    });
  };
}
