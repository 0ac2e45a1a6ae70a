import { createDataSource, runEventWorker } from '@holdfast/db';
import { createLogger } from '@holdfast/observability';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import { requireWorkerRole } from './check-role';
import { handleEvent } from './event-handlers';
import type { WorkerSettings } from './settings';

/**
 * Works through events until the signal aborts; then all is closed.
 *
 * @throws DatabaseConnectionError when the database cannot be reached at the start, UnfitDatabaseError when it is not migrated or the role
 * may not work through events. Later outages are waited out.
 */
export async function runWorker(settings: WorkerSettings, signal: AbortSignal): Promise<void> {
  const { logLevel, logFormat, environment, variables } = settings;
  const logger = createLogger({ level: logLevel, format: logFormat, service: 'holdfast-worker' });
  const dataSource = createDataSource(environment, variables, { logger });
  try {
    await openDataSource(dataSource, { logger, signal });
    await requireWorkerRole(dataSource);
    logger.info('Worker runs', { environment });
    const { done, failed } = await runEventWorker(dataSource, {
      handlers: {},
      otherTypes: handleEvent,
      signal,
      logger,
    });
    logger.info('Worker has stopped', { done, failed });
  } finally {
    await closeDataSource(dataSource);
  }
}
