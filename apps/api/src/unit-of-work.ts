import type { Logger } from '@holdfast/observability';
import { withDatabaseRetry } from '@holdfast/resilience/postgres';
import type { DataSource, EntityManager } from 'typeorm';

interface WriteOptions {
  /** Running the write twice has the effect of running it once. Default false. */
  readonly idempotent?: boolean;
}

/** The database as use cases see it: work goes in, and comes back done or failed, retried where that is safe. */
export interface UnitOfWork {
  /** Runs a question. It may run more than once. */
  read<T>(operation: string, work: (manager: EntityManager) => Promise<T>): Promise<T>;
  /** Runs one writing statement. It runs again only after a failure that proves it was not applied, or if idempotent. */
  write<T>(
    operation: string,
    work: (manager: EntityManager) => Promise<T>,
    options?: WriteOptions,
  ): Promise<T>;
}

/** Retries end here, in ms: a client that waits longer has usually gone, and a 503 tells it when to come back. */
const RETRY_BUDGET_MS = 5_000;

/** Makes the unit of work over a DataSource. Retries are logged. */
export function createUnitOfWork(dataSource: DataSource, logger: Logger): UnitOfWork {
  const context = { component: 'api', logger, deadline: RETRY_BUDGET_MS };
  return {
    read: (operation, work) =>
      withDatabaseRetry(() => work(dataSource.manager), { ...context, operation, idempotent: true }),
    write: (operation, work, { idempotent = false } = {}) =>
      withDatabaseRetry(() => work(dataSource.manager), { ...context, operation, idempotent }),
  };
}
