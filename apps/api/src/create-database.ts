import { performance } from 'node:perf_hooks';
import { actingFor, type StatementSender } from '@holdfast/db';
import type { Logger } from '@holdfast/observability';
import {
  AmbiguousOutcomeError,
  type ConnectionManager,
  createConnectionManager,
  createGroupCommit,
  createSharedLookUps,
  createUnitOfWork,
  type GroupCommit,
  type LocalSettings,
  readEvents,
  type SharedLookUps,
  type TransactionWork,
  type UnitOfWork,
} from '@holdfast/postgres';
import {
  type CallContext,
  type CircuitBreakerPolicy,
  type Deadline,
  type Policy,
  pipeline,
  retryBudget,
} from '@holdfast/resilience';
import { databaseCircuitBreaker, databaseRetry, tagPhase } from '@holdfast/resilience/postgres';
import type { DataSource, EntityManager, EntityTarget, FindOptionsWhere, ObjectLiteral } from 'typeorm';
import { type Actor, type Database, OutcomeUnknownError, type StatementOptions, type Work } from './database';
import { mayBeApplied } from './may-be-applied';

/** What the database of use cases is made with. */
export interface DatabaseOptions {
  readonly logger: Logger;
  /**
   * What one call gets from the database, retries included, in ms, unless it is made `within` a deadline: a client that
   * waits longer has usually gone.
   */
  readonly deadlineMs: number;
  /** Named in statistics and alerts. */
  readonly environment: string;
}

/** The database, the manager of its connections, and the circuit before it. */
export interface DatabaseParts {
  readonly database: Database;
  readonly manager: ConnectionManager;
  readonly breaker: CircuitBreakerPolicy;
}

/** To the server a single statement is a transaction of its own, and so it is counted where its outcome is not known. */
const UNKNOWN_STATEMENT = Object.freeze({ pool: 'primary', outcome: 'unknown', resolvedBy: undefined });

/**
 * Short, so that the service is back soon after its database: a trial is what a client asked for anyway, and three at a time
 * burden nobody.
 */
const BREAKS = Object.freeze({ breakMs: 500, maxBreakMs: 1_000 });

/**
 * Makes the database over a DataSource. All work shares one retry budget and one circuit: during an outage retries add
 * at most a tenth to the load, and soon nothing is sent at all until the server answers again. Retries, changes of the
 * circuit and alerts of the pool are logged.
 */
export function createDatabase(dataSource: DataSource, options: DatabaseOptions): DatabaseParts {
  const { logger, environment } = options;
  const events = readEvents(dataSource);
  const budget = retryBudget();
  const breaker = databaseCircuitBreaker({ name: 'database', logger, ...BREAKS });
  const policy = pipeline([databaseRetry({ budget, logger }), breaker]);
  const unitOfWork = createUnitOfWork(dataSource, { retry: { budget }, policies: [breaker], logger });
  const manager = createConnectionManager(dataSource, { environment, logger, transactions: unitOfWork });

  const lookUps = createSharedLookUps(dataSource);
  const groupCommit = createGroupCommit(dataSource);
  const server: Server = { policy, unitOfWork, manager, lookUps, groupCommit, events };
  const database = new ScopedDatabase(server, {
    deadline: options.deadlineMs,
    settings: {},
    requestId: undefined,
  });
  return { database, manager, breaker };
}

/** What every scope of a database shares. */
interface Server {
  readonly policy: Policy<never>;
  readonly unitOfWork: UnitOfWork;
  readonly manager: ConnectionManager;
  readonly lookUps: SharedLookUps;
  readonly groupCommit: GroupCommit;
  readonly events: ReturnType<typeof readEvents>;
}

/** For whom the work is done, and how long it may take. */
interface Scope {
  readonly deadline: Deadline | number;
  readonly settings: LocalSettings;
  readonly requestId: string | undefined;
}

class ScopedDatabase implements Database {
  readonly #server: Server;
  readonly #scope: Scope;

  constructor(server: Server, scope: Scope) {
    this.#server = server;
    this.#scope = scope;
  }

  within(deadline: Deadline): Database {
    return this.#with({ deadline });
  }

  as({ keyHash, scope }: Actor): Database {
    return this.#with({ settings: actingFor(keyHash, scope) });
  }

  for(requestId: string): Database {
    return this.#with({ requestId });
  }

  read<T>(operation: string, work: Work<T>): Promise<T> {
    return this.#run(operation, (connection) => work(connection).catch(throwAsRead), true);
  }

  findOneBy<Entity extends ObjectLiteral>(
    operation: string,
    entity: EntityTarget<Entity>,
    where: FindOptionsWhere<Entity>,
  ): Promise<Entity | null> {
    const { policy, lookUps } = this.#server;
    const { deadline, settings } = this.#scope;
    const context = this.#describe(operation, true);
    return policy.execute(
      (attempt) =>
        lookUps
          .findOneBy<Entity>(entity, where, { deadline: attempt.deadline, settings, context })
          .catch(throwAsRead),
      { deadline, context },
    );
  }

  statement<T>(operation: string, work: Work<T>, options: StatementOptions): Promise<T> {
    return this.#write(work, options, (watched) => this.#run(operation, watched, options.idempotent));
  }

  groupedStatement<T>(
    operation: string,
    work: (sender: StatementSender) => Promise<T>,
    options: StatementOptions,
  ): Promise<T> {
    const { policy, groupCommit } = this.#server;
    const { deadline, settings } = this.#scope;
    const context = this.#describe(operation, options.idempotent);
    return this.#write(work, options, (watched) =>
      policy.execute(
        (attempt) =>
          watched({
            query: async <Rows>(text: string, values: unknown[] = []) => {
              const { rows } = await groupCommit.run(text, values, {
                deadline: attempt.deadline,
                settings,
                context,
              });
              return rows as Rows;
            },
          }),
        { deadline, context },
      ),
    );
  }

  /** @param send runs it, once or several times. */
  async #write<Source, T>(
    work: (source: Source) => Promise<T>,
    { idempotent, provesUnapplied }: StatementOptions,
    send: (watched: typeof work) => Promise<T>,
  ): Promise<T> {
    const startedMs = performance.now();
    let attempts = 0;
    let lost: { readonly failure: unknown } | undefined;
    const watched: typeof work = (source) => {
      attempts += 1;
      return work(source).catch((error: unknown) => {
        if (mayBeApplied(error)) lost = { failure: error };
        else if (idempotent && provesUnapplied?.(error)) lost = undefined;
        throw error;
      });
    };
    try {
      return await send(watched);
    } catch (rejection) {
      // Any other later failure, such as the deadline during the wait for a connection, says nothing of the lost attempt.
      if (lost === undefined) throw rejection;
      const error = new OutcomeUnknownError(lost.failure);
      const durationMs = performance.now() - startedMs;
      this.#server.events.emit('transaction', { ...UNKNOWN_STATEMENT, attempts, durationMs, error });
      throw error;
    }
  }

  async transaction<T>(
    operation: string,
    work: TransactionWork<T>,
    { wasApplied }: { readonly wasApplied: (manager: EntityManager) => Promise<boolean> },
  ): Promise<T> {
    const { deadline, settings } = this.#scope;
    try {
      const context = this.#describe(operation);
      return await this.#server.unitOfWork.run(work, { deadline, context, wasApplied, settings });
    } catch (error) {
      throw error instanceof AmbiguousOutcomeError ? new OutcomeUnknownError(error) : error;
    }
  }

  #run<T>(operation: string, work: Work<T>, idempotent: boolean): Promise<T> {
    const { policy, manager } = this.#server;
    const { deadline, settings } = this.#scope;
    const context = this.#describe(operation, idempotent);
    return policy.execute(
      (attempt) =>
        // Nothing but the deadline ends an attempt, so that the signal of the attempt need not be made.
        manager.withConnection((runner) => work(runner.manager), {
          deadline: attempt.deadline,
          settings,
          context,
        }),
      { deadline, context },
    );
  }

  #describe(operation: string, idempotent?: boolean): CallContext {
    const { requestId } = this.#scope;
    return { component: 'api', operation, requestId, idempotent };
  }

  #with(scope: Partial<Scope>): Database {
    return new ScopedDatabase(this.#server, { ...this.#scope, ...scope });
  }
}

/** Nothing was written, whatever has failed. */
function throwAsRead(error: unknown): never {
  throw tagPhase(error, 'autocommit-read');
}
