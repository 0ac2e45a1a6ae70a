import type { ApiKeyScope, StatementSender } from '@holdfast/db';
import type { TransactionWork } from '@holdfast/postgres';
import type { Deadline } from '@holdfast/resilience';
import type { EntityManager, EntityTarget, FindOptionsWhere, ObjectLiteral } from 'typeorm';

/** What is done on a connection. */
export type Work<T> = (manager: EntityManager) => Promise<T>;

/** Whoever the database acts for. */
export interface Actor {
  /** Of the API key: policies look up what it may see and write. */
  readonly keyHash: Buffer;
  /** Then they let it see and write nothing if it has not this scope. Default: they ask for none. */
  readonly scope?: ApiKeyScope | undefined;
}

/** The database as use cases see it: work goes in, and comes back done or failed, retried where that is safe. */
export interface Database {
  /** The same database, all of whose calls together end at the deadline. */
  within(deadline: Deadline): Database;
  /** The same database, where every call sees and writes only what the actor's key may. */
  as(actor: Actor): Database;
  /** The same database, where whatever is logged of a call names the request that it is for. */
  for(requestId: string): Database;
  /** Runs a question. It may run more than once. */
  read<T>(operation: string, work: Work<T>): Promise<T>;
  /**
   * Resolves with the entity that a key stands for, or null. Look-ups of one turn of the event loop share a round trip, whoever asks for them. It
   * may run more than once.
   */
  findOneBy<Entity extends ObjectLiteral>(
    operation: string,
    entity: EntityTarget<Entity>,
    where: FindOptionsWhere<Entity>,
  ): Promise<Entity | null>;
  /**
   * Runs one writing statement, which commits by itself. It runs again only after a failure that proves it was not
   * applied, or if running it twice has the effect of running it once.
   *
   * @throws OutcomeUnknownError if its answer was lost and it may have been applied, whatever a later attempt failed
   * with. After every other failure of the database it was not.
   */
  statement<T>(operation: string, work: Work<T>, options: StatementOptions): Promise<T>;
  /**
   * As `statement`, of work that sends one statement after the other, each of which commits by itself: those of one turn of the event loop that have the same
   * text share a commit, whoever sends them.
   */
  groupedStatement<T>(
    operation: string,
    work: (sender: StatementSender) => Promise<T>,
    options: StatementOptions,
  ): Promise<T>;
  /**
   * Runs work in a transaction, again if it fails in a way that may pass. What it gives to `commitWith` goes out with COMMIT.
   *
   * @param wasApplied Looks up whether the work was done, by a key that it writes.
   * @throws OutcomeUnknownError if nobody could find out whether it was committed.
   */
  transaction<T>(
    operation: string,
    work: TransactionWork<T>,
    options: { readonly wasApplied: (manager: EntityManager) => Promise<boolean> },
  ): Promise<T>;
}

/** What is known of a writing statement. */
export interface StatementOptions {
  /** Whether running it twice has the effect of running it once. */
  readonly idempotent: boolean;
  /**
   * Whether an error of an idempotent statement's work proves that no earlier attempt was applied, because the work has
   * looked. Default: none does.
   */
  readonly provesUnapplied?: (error: unknown) => boolean;
}

/** What was asked for may have been done, once, or not at all; nobody knows. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
  readonly code = 'HOLDFAST_OUTCOME_UNKNOWN';

  constructor(cause: unknown) {
    super('Whether the write was applied is not known', { cause });
  }
}
