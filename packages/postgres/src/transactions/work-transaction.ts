import { type Attempt, type Deadline, InvalidOptionError } from '@holdfast/resilience';
import { type LastWrite, SentWithCommit } from './last-write';
import type { AfterCommitHook, Transaction } from './transaction';
import { TransactionControlError } from './transaction-control-error';
import type { TransactionSession } from './transaction-session';

/** `commitWith` itself, and the line of the program that calls it. Behind an await the next one costs as much again. */
const FRAMES = 2;

/**
 * What the work is told of its transaction. An object with accessors of its own would get a hidden class of its own, which keeps whatever they
 * refer to until the next full garbage collection: the whole transaction.
 */
export class WorkTransaction implements Transaction {
  readonly attempt: number;
  readonly deadline: Deadline | undefined;
  readonly #attempt: Attempt;
  readonly #session: TransactionSession;
  readonly #hooks: AfterCommitHook[] = [];

  constructor(attempt: Attempt, session: TransactionSession) {
    this.attempt = attempt.attempt;
    this.deadline = attempt.deadline;
    this.#attempt = attempt;
    this.#session = session;
  }

  get signal(): AbortSignal {
    return this.#attempt.signal;
  }

  get remainingMs(): number {
    return this.#attempt.remainingMs;
  }

  /** Those of `transaction`, in their order. */
  static hooksOf(transaction: WorkTransaction): readonly AfterCommitHook[] {
    return transaction.#hooks;
  }

  readonly afterCommit = (hook: AfterCommitHook): void => {
    if (typeof hook !== 'function') throw new InvalidOptionError('afterCommit', hook, 'a function');
    this.#hooks.push(hook);
  };

  readonly commitWith = (text: string, values: readonly unknown[] = []): LastWrite => {
    if (this.#session.state !== 'open') throw createLateError();
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = FRAMES;
    // Made here, because each frame costs. `captureStackTrace`, which looks for a function, takes up to twice as long.
    const site = new Error();
    Error.stackTraceLimit = stackTraceLimit;
    const write = new SentWithCommit(text, values, site);
    this.#session.commit.add(write);
    return write;
  };
}

/** For what comes when the work is over. */
export function createLateError(): Error {
  return new TransactionControlError('A statement after the end');
}
