import {
  RetryError,
  requireKnownOptions,
  requireLogger,
  requireNumber,
  retryWithBackoff,
  type StructuredLogger,
} from '@holdfast/resilience';
import { classify } from '@holdfast/resilience/postgres';
import type { DataSource } from 'typeorm';
import { describeConnectionFailure, readConnectionFailure } from '../connection/connection-failure';
import { requireSignal } from '../pool/require-option';
import { readDataSourceTarget } from './data-source-target';
import { endPools, requireDataSource } from './pool-registry';

/** How long and how loudly opening is tried. */
export interface OpenOptions {
  /** Ends the opening at once; what was opened so far is closed. */
  readonly signal?: AbortSignal;
  /** Calls of `initialize`, the first included. Default 3. Each may itself wait for the pool's acquire deadline. */
  readonly attempts?: number;
  readonly logger?: StructuredLogger;
}

const BACKOFF = Object.freeze({ baseDelayMs: 500, maxDelayMs: 5000 });

const DEFAULT_ATTEMPTS = 3;

/**
 * The DataSource is initialized and returned, or nothing of it is left open. One that is open, or is being opened, is
 * returned when it is. A server that cannot be reached is tried again, a refused login is not: with 3 attempts for about
 * a second, so that whoever has to wait for a server gives more.
 *
 * @throws DatabaseConnectionError with one line for whoever has to mend it; the signal's reason; InvalidOptionError; or
 * the untouched error when the failure is not one of connecting.
 */
export async function openDataSource(dataSource: DataSource, options: OpenOptions = {}): Promise<DataSource> {
  requireDataSource(dataSource);
  requireKnownOptions('openDataSource', options, ['signal', 'attempts', 'logger']);
  const { signal, attempts = DEFAULT_ATTEMPTS, logger } = options;
  requireSignal(signal);
  requireNumber('attempts', attempts, { min: 1, integer: true });
  requireLogger(logger);
  if (dataSource.isInitialized) return dataSource;
  const opening =
    OPENING.get(dataSource) ?? open(dataSource, options).finally(() => OPENING.delete(dataSource));
  OPENING.set(dataSource, opening);
  return opening;
}

/** Two pools to one DataSource would hold twice its connections, so whoever comes second waits for the first. */
const OPENING = new WeakMap<DataSource, Promise<DataSource>>();

async function open(dataSource: DataSource, options: OpenOptions): Promise<DataSource> {
  const { signal, attempts = DEFAULT_ATTEMPTS, logger } = options;
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
    throw describeConnectionFailure(failure, readDataSourceTarget(dataSource));
  }
}

/**
 * The DataSource is closed: no new work is accepted, work in flight had the pool's `destroyMs` to finish, and no socket
 * is left. TypeORM's own `destroy` cuts work in flight at once. Closing what is not open does nothing.
 * @throws InvalidOptionError when it is no DataSource.
 */
export async function closeDataSource(dataSource: DataSource): Promise<void> {
  requireDataSource(dataSource);
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
