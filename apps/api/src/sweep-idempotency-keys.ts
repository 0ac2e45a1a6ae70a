import { IdempotencyRepository } from '@holdfast/db';
import type { Logger } from '@holdfast/observability';
import type { Database } from './database';

/** Records deleted by one statement: few enough that it holds its locks for a moment. */
const BATCH = 500;
/** Statements of one sweep; what is left then waits for the next. */
const MAX_BATCHES = 20;
const PAUSE_MS = 60_000;

/** Expired idempotency keys are deleted, a bounded number of them. Resolves to how many. */
export async function sweepIdempotencyKeys(database: Database): Promise<number> {
  let swept = 0;
  for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
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
  let sweeping = false;
  const sweep = async (): Promise<void> => {
    if (sweeping) return;
    sweeping = true;
    try {
      const swept = await sweepIdempotencyKeys(database);
      if (swept > 0) logger.debug('Expired idempotency keys were deleted', { swept });
    } catch (error) {
      logger.warn('Expired idempotency keys could not be deleted', { error });
    } finally {
      sweeping = false;
    }
  };
  const timer = setInterval(() => void sweep(), PAUSE_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
