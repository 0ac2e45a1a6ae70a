import type { Logger } from '@holdfast/observability';
import { pipeline, retryBudget } from '@holdfast/resilience';
import { databaseCircuitBreaker, databaseRetry } from '@holdfast/resilience/postgres';
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
const RETRY_DEADLINE_MS = 5_000;

/**
 * Makes the unit of work over a DataSource. All work shares one retry budget and one circuit: during an outage retries add
 * at most a tenth to the load, and soon nothing is sent at all until the server answers again. Retries and changes of the
 * circuit are logged.
 */
export function createUnitOfWork(dataSource: DataSource, logger: Logger): UnitOfWork {
  const policy = pipeline([
    databaseRetry({ budget: retryBudget(), logger }),
    databaseCircuitBreaker({ name: 'database', logger }),
  ]);
  const run = <T>(operation: string, work: (manager: EntityManager) => Promise<T>, idempotent: boolean) =>
    policy.execute(() => work(dataSource.manager), {
      deadline: RETRY_DEADLINE_MS,
      context: { component: 'api', operation, idempotent },
    });
  return {
    read: (operation, work) => run(operation, work, true),
    write: (operation, work, { idempotent = false } = {}) => run(operation, work, idempotent),
  };
}
