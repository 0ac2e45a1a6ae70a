import { RetryError, retryWithBackoff, type StructuredLogger } from '@holdfast/resilience';
import { classify } from '@holdfast/resilience/postgres';
import type { DataSource } from 'typeorm';
import { describeConnectionFailure, readConnectionFailure } from '../connection/connection-failure';
import { readConnectionTarget } from '../connection/connection-target';
import { endPools } from './pool-registry';

/** How long and how loudly opening is tried. */
export interface OpenOptions {
  /** Ends the opening at once; what was opened so far is closed. */
  readonly signal?: AbortSignal;
  /** Calls of `initialize`, the first included. Default 3. Each may itself wait for the pool's acquire deadline. */
  readonly attempts?: number;
  readonly logger?: StructuredLogger;
}

const BACKOFF = Object.freeze({ baseDelayMs: 500, maxDelayMs: 5000 });

/**
 * The DataSource is initialized and returned, or nothing of it is left open.
 * A server that cannot be reached is waited for; a refused login is not.
 *
 * @throws DatabaseConnectionError with one line for whoever has to mend it; the signal's reason; or the untouched error
 * when the failure is not one of connecting.
 */
export async function openDataSource(dataSource: DataSource, options: OpenOptions = {}): Promise<DataSource> {
  const { signal, attempts = 3, logger } = options;
  const retryOptions = {
    ...BACKOFF,
    maxAttempts: attempts,
    // Initializing writes nothing, so that whatever may pass is safe to repeat.
    retryableErrors: (error: unknown) => classify(error, 'acquire').verdict === 'retry',
    ...(signal && { signal }),
  };
  const context = { operation: 'openDataSource', ...(logger && { logger }) };
  try {
    await retryWithBackoff(() => initialize(dataSource, signal), retryOptions, context);
    return dataSource;
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    const failure = error instanceof RetryError ? error.cause : error;
    if (readConnectionFailure(failure) === undefined) throw failure;
    throw describeConnectionFailure(failure, readTarget(dataSource));
  }
}

/**
 * The DataSource is closed: no new work is accepted, work in flight had the pool's `destroyMs` to finish, and no socket
 * is left. TypeORM's own `destroy` cuts work in flight at once. Closing what is not open does nothing.
 */
export async function closeDataSource(dataSource: DataSource): Promise<void> {
  await endPools(dataSource);
  if (dataSource.isInitialized) await dataSource.destroy();
}

async function initialize(dataSource: DataSource, signal: AbortSignal | undefined): Promise<void> {
  const onAbort = (): void => void endPools(dataSource);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await dataSource.initialize();
    // The abort has closed the pool under a DataSource that now looks open.
    signal?.throwIfAborted();
  } catch (error) {
    await closeDataSource(dataSource);
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

function readTarget(dataSource: DataSource) {
  const { options } = dataSource;
  if (options.type !== 'postgres') return readConnectionTarget('');
  return readConnectionTarget(options.url ?? options.replication?.master.url ?? '');
}
