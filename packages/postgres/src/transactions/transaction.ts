import type { Deadline } from '@holdfast/resilience';
import type { EntityManager } from 'typeorm';
import type { LastWrite } from './last-write';

/** What the work of a unit of work is told about the transaction it is in. */
export interface Transaction {
  /** 1 for the first; each attempt is a transaction of its own. */
  readonly attempt: number;
  /** Aborts when the caller's signal does or the deadline passes; statements are cancelled then. */
  readonly signal: AbortSignal;
  readonly deadline: Deadline | undefined;
  /** Milliseconds until the deadline; infinite without one. */
  readonly remainingMs: number;
  /**
   * Runs `hook` once the transaction is known to be committed; never if it is not, and of several attempts only for the
   * one that was committed. `run` resolves after its hooks. One that fails is logged: the work is done all the same.
   */
  afterCommit(hook: AfterCommitHook): void;
  /**
   * Sends a statement with COMMIT, when the work has resolved: all that were given go out in their order, in one write. If one
   * fails, those behind it and COMMIT are not executed, and `run` rejects with its error, which names the statement and the line of
   * this call. From then on they share what becomes of COMMIT: a signal does not end them.
   *
   * Nothing can be looked at in between: what the work must know before it commits, it asks before. What a nested transaction has given goes
   * out as well if that is rolled back to its savepoint.
   * @param values are taken as they are now. Default none.
   * @throws InvalidOptionError unless it is an INSERT, UPDATE, DELETE, MERGE, SELECT or WITH; TransactionControlError after the work.
   */
  commitWith(text: string, values?: readonly unknown[]): LastWrite;
}

export type AfterCommitHook = () => unknown;

/** Work that may run several times, each time in a new transaction. */
export type TransactionWork<T> = (manager: EntityManager, transaction: Transaction) => Promise<T>;
