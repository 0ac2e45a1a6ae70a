import type { Logger } from '@holdfast/observability';
import {
  AmbiguousOutcomeError,
  type ConnectionManager,
  createConnectionManager,
  createUnitOfWork,
} from '@holdfast/postgres';
import { pipeline, retryBudget } from '@holdfast/resilience';
import {
  classify,
  databaseCircuitBreaker,
  databaseRetry,
  readPhase,
  tagPhase,
} from '@holdfast/resilience/postgres';
import type { DataSource, EntityManager } from 'typeorm';
import { isOutage } from './is-outage';

type Work<T> = (manager: EntityManager) => Promise<T>;

/** The database as use cases see it: work goes in, and comes back done or failed, retried where that is safe. */
export interface Database {
  /** Runs a question. It may run more than once. */
  read<T>(operation: string, work: Work<T>): Promise<T>;
  /**
   * Runs one writing statement, which commits by itself. It runs again only after a failure that proves it was not
   * applied, or if running it twice has the effect of running it once.
   *
   * @throws OutcomeUnknownError if it may have been applied.
   */
  statement<T>(operation: string, work: Work<T>, options: { readonly idempotent: boolean }): Promise<T>;
  /**
   * Runs work in a transaction, again if it fails in a way that may pass.
   *
   * @param wasApplied Looks up whether the work was done, by a key that it writes.
   * @throws OutcomeUnknownError if nobody could find out whether it was committed.
   */
  transaction<T>(
    operation: string,
    work: Work<T>,
    options: { readonly wasApplied: (manager: EntityManager) => Promise<boolean> },
  ): Promise<T>;
}

/** What was asked for may have been done, once, or not at all; nobody knows. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
  readonly code = 'HOLDFAST_OUTCOME_UNKNOWN';

  constructor(cause: unknown) {
    super('Whether the write was applied is not known', { cause });
  }
}

/** What the database of use cases is made with. */
export interface DatabaseOptions {
  readonly logger: Logger;
  /** What one call gets from the database, retries included, in ms: a client that waits longer has usually gone. */
  readonly deadlineMs: number;
  /** Named in statistics and alerts. */
  readonly environment: string;
}

/** The database, and the manager of its connections. */
export interface DatabaseParts {
  readonly database: Database;
  readonly manager: ConnectionManager;
}

/**
 * Makes the database over a DataSource. All work shares one retry budget and one circuit: during an outage retries add
 * at most a tenth to the load, and soon nothing is sent at all until the server answers again. Retries, changes of the
 * circuit and alerts of the pool are logged.
 */
export function createDatabase(dataSource: DataSource, options: DatabaseOptions): DatabaseParts {
  const { logger, deadlineMs: deadline, environment } = options;
  const budget = retryBudget();
  const breaker = databaseCircuitBreaker({ name: 'database', logger });
  const policy = pipeline([databaseRetry({ budget, logger }), breaker]);
  const unitOfWork = createUnitOfWork(dataSource, { retry: { budget }, policies: [breaker], logger });
  const manager = createConnectionManager(dataSource, { environment, logger, transactions: unitOfWork });

  const run = <T>(operation: string, work: Work<T>, idempotent: boolean): Promise<T> =>
    policy.execute(
      (attempt) =>
        manager.withConnection((runner) => work(runner.manager), {
          signal: attempt.signal,
          deadline: attempt.deadline,
        }),
      { deadline, context: { component: 'api', operation, idempotent } },
    );
  const database: Database = {
    read: (operation, work) =>
      run(
        operation,
        (connection) =>
          work(connection).catch((error: unknown) => {
            throw tagPhase(error, 'autocommit-read');
          }),
        true,
      ),
    async statement(operation, work, { idempotent }) {
      // An attempt that failed before anything was sent says nothing of the one before it.
      let mayBeApplied = false;
      const watched: typeof work = (connection) =>
        work(connection).catch((error: unknown) => {
          mayBeApplied ||= classify(error, readPhase(error)).applied === 'unknown';
          throw error;
        });
      try {
        return await run(operation, watched, idempotent);
      } catch (error) {
        throw mayBeApplied && isOutage(error) ? new OutcomeUnknownError(error) : error;
      }
    },
    async transaction(operation, work, { wasApplied }) {
      try {
        const context = { component: 'api', operation };
        return await unitOfWork.run(work, { deadline, context, wasApplied });
      } catch (error) {
        throw error instanceof AmbiguousOutcomeError ? new OutcomeUnknownError(error) : error;
      }
    },
  };
  return { database, manager };
}
