import { IdempotencyRepository } from '@holdfast/db';
import type { Logger } from '@holdfast/observability';
import type { Database } from './database';

/** Records deleted by one statement: few enough that it holds its locks for a moment. */
const BATCH = 500;
const PAUSE_MS = 60_000;

/**
 * Expired idempotency keys are deleted, batch by batch until none is left: fewer than come in would let the table grow for
 * ever. Resolves to how many, and sooner when it is told to stop.
 */
export async function sweepIdempotencyKeys(database: Database, stop?: AbortSignal): Promise<number> {
  let swept = 0;
  while (!stop?.aborted) {
    const deleted = await database.statement(
      'sweep idempotency keys',
      (manager) => new IdempotencyRepository(manager).deleteExpired(BATCH),
      { idempotent: true },
    );
    swept += deleted;
    if (deleted < BATCH) break;
  }
  return swept;
}

/** Sweeps once a minute until it is told to stop, one sweep at a time. A sweep that fails is logged. */
export function sweepRegularly(database: Database, logger: Logger): { stop(): void } {
  const stopping = new AbortController();
  let sweeping = false;
  const sweep = async (): Promise<void> => {
    if (sweeping) return;
    sweeping = true;
    try {
      const swept = await sweepIdempotencyKeys(database, stopping.signal);
      if (swept > 0) logger.debug('Expired idempotency keys were deleted', { swept });
    } catch (error) {
      if (!stopping.signal.aborted) logger.warn('Expired idempotency keys could not be deleted', { error });
    } finally {
      sweeping = false;
    }
  };
  const timer = setInterval(() => void sweep(), PAUSE_MS);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
      stopping.abort();
    },
  };
}
