import { IdempotencyRepository, newId } from '@holdfast/db';
import type { TransactionWork } from '@holdfast/postgres';
import type { EntityManager } from 'typeorm';
import type { Database } from './database';

/** A call that may be made again under its key, and is done once. */
export interface RepeatableCall {
  /** Whose key it is. */
  readonly scope: string;
  readonly key: string;
  /** SHA-256 of what is asked for, 32 bytes. */
  readonly fingerprint: Buffer;
}

/** An answer as it is kept, to be given again. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came of a call: it was done now, or an earlier one with its key did it. */
export type OnceOutcome<T> =
  | { readonly done: 'now'; readonly value: T }
  | { readonly done: 'before'; readonly answer: KeptAnswer };

/** Another call with the same key is running. */
export class IdempotencyKeyBusyError extends Error {
  override readonly name = 'IdempotencyKeyBusyError';
  readonly code = 'HOLDFAST_IDEMPOTENCY_KEY_BUSY';

  constructor() {
    super('another request with this idempotency key is running');
  }
}

/** The key was used for a call that asked for something else. */
export class IdempotentCallMismatchError extends Error {
  override readonly name = 'IdempotentCallMismatchError';
  readonly code = 'HOLDFAST_IDEMPOTENT_CALL_MISMATCH';

  constructor() {
    super('the idempotency key was used for another request');
  }
}

/** Ends a transaction that has nothing to do. */
class AnsweredBeforeError extends Error {
  override readonly name = 'AnsweredBeforeError';
  readonly code = 'HOLDFAST_ANSWERED_BEFORE';

  constructor(readonly answer: KeptAnswer) {
    super('the call was answered before');
  }
}

/**
 * Runs work once for a key. What the work writes and the record of it are one transaction: after a crash or a lost answer
 * either both are there or neither is, and the same call again finds out. Work that is refused leaves no record.
 *
 * @param run Writes through the database that it is given, once, and resolves to what that write resolved to.
 * @param render The answer to keep.
 * @throws IdempotencyKeyBusyError
 * @throws IdempotentCallMismatchError
 */
export async function answerOnce<T>(
  database: Database,
  call: RepeatableCall,
  run: (database: Database) => Promise<T>,
  render: (value: T) => KeptAnswer,
): Promise<OnceOutcome<T>> {
  try {
    return { done: 'now', value: await run(recordingDatabase(database, call, render)) };
  } catch (error) {
    if (error instanceof AnsweredBeforeError) return { done: 'before', answer: error.answer };
    throw error;
  }
}

/** The database, where each write is a transaction that leaves the record as well. */
function recordingDatabase<T>(
  database: Database,
  call: RepeatableCall,
  render: (value: T) => KeptAnswer,
): Database {
  const callId = newId();
  const record =
    <R>(work: TransactionWork<R>): TransactionWork<R> =>
    async (manager, transaction) => {
      const records = new IdempotencyRepository(manager);
      // Not in one statement: what another call has committed is seen only by a statement that begins after that.
      if (!(await records.tryLock(call))) throw new IdempotencyKeyBusyError();
      const earlier = await records.find(call);
      if (earlier !== null) {
        if (!earlier.fingerprint.equals(call.fingerprint)) throw new IdempotentCallMismatchError();
        throw new AnsweredBeforeError(earlier);
      }
      const value = await work(manager, transaction);
      // What the write resolves to is what the work resolves to: see `run`. Nothing waits for the record but COMMIT.
      await records.write({ ...call, callId, ...render(value as unknown as T) }, transaction.commitWith);
      return value;
    };
  // By the call, not by the key: another call may have taken the key after this one had failed.
  const wasApplied = async (manager: EntityManager) =>
    (await new IdempotencyRepository(manager).find(call))?.callId === callId;
  return {
    as: (actor) => recordingDatabase(database.as(actor), call, render),
    for: (requestId) => recordingDatabase(database.for(requestId), call, render),
    within: (deadline) => recordingDatabase(database.within(deadline), call, render),
    read: (operation, work) => database.read(operation, work),
    findOneBy: (operation, entity, where) => database.findOneBy(operation, entity, where),
    statement: (operation, work) => database.transaction(operation, record(work), { wasApplied }),
    // With the record beside it, it is no statement by itself any more.
    groupedStatement: (operation, work) => database.transaction(operation, record(work), { wasApplied }),
    transaction: (operation, work) => database.transaction(operation, record(work), { wasApplied }),
  };
}
