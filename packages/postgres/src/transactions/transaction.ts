import type { Deadline } from '@holdfast/resilience';
import type { EntityManager } from 'typeorm';

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
}

export type AfterCommitHook = () => unknown;

/** Work that may run several times, each time in a new transaction. */
export type TransactionWork<T> = (manager: EntityManager, transaction: Transaction) => Promise<T>;
