import type { Attempt } from '@holdfast/resilience';
import { tagPhase } from '@holdfast/resilience/postgres';
import type { QueryRunner } from 'typeorm';
import { requestCancel } from '../connection/cancel-request';
import { explainFailure } from '../connection/connection-lost-error';
import { ForeignDataSourceError, requirePool } from '../data-source/pool-registry';
import { withAcquireOptions } from '../pool/acquire-options';
import { type Lease, readLease } from '../pool/lease';
import { listenForAbort } from '../pool/listen-for-abort';
import { currentReadSession, type ReadSession } from '../replicas/read-session';
import { renderBegin } from './begin';
import { describeAbort, isCancellation, isRefusal, unwrapUnsent } from './commit-failure';
import { ConnectionLimit } from './connection-limit';
import { describeRefusal, describeSkip } from './describe-refusal';
import { commitTransaction, startUnheard } from './own-transaction';
import { ReadOnlyTransactionError } from './read-only-transaction-error';
import type { TransactionWork } from './transaction';
import { TransactionControlError } from './transaction-control-error';
import { TransactionEndedError } from './transaction-ended-error';
import { TransactionSession } from './transaction-session';
import type { TransactionEnd, TransactionTerms } from './transaction-terms';
import { type Watch, witnessOf } from './witness';
import { createLateError, WorkTransaction } from './work-transaction';

/** A cancel request, and a rollback, take so long at most, in milliseconds; then the connection is cut. */
const CLEANUP_MS = 2_000;
/** A statement's limit and the deadline, which end at the same moment, may be told apart by so much, in milliseconds. */
const SIMULTANEOUS_MS = 50;

/**
 * Runs work in one transaction on one connection, which is given back when this settles.
 *
 * Whatever it throws was not applied, and is marked with the phase it happened in.
 */
export async function runTransaction<T>(
  work: TransactionWork<T>,
  attempt: Attempt,
  terms: TransactionTerms,
): Promise<TransactionEnd<T>> {
  const { dataSource } = terms;
  // A replica that its primary's log has got in the way of once may be in it again.
  const mode = terms.onReplica && attempt.attempt === 1 ? 'slave' : 'master';
  const runner = dataSource.createQueryRunner(mode);
  try {
    const lease = await acquire(runner, attempt, terms.isBounded);
    terms.onConnection(lease);
    return await new Run(runner, lease, attempt, terms).run(work);
  } finally {
    await runner.release();
  }
}

async function acquire(runner: QueryRunner, attempt: Attempt, isBounded: boolean): Promise<Lease> {
  const { remainingMs } = attempt;
  const options = {
    ...(Number.isFinite(remainingMs) && { remainingMs }),
    ...(isBounded && { signal: attempt.signal }),
  };
  const lease = readLease(await withAcquireOptions(options, () => runner.connect()));
  if (!lease) throw new ForeignDataSourceError();
  return lease;
}

/** One transaction while it runs. */
class Run {
  readonly #runner: QueryRunner;
  readonly #lease: Lease;
  readonly #attempt: Attempt;
  readonly #terms: TransactionTerms;
  readonly #session: TransactionSession;
  readonly #watch: Watch | undefined;
  readonly #readSession: ReadSession | undefined;
  readonly #transaction: WorkTransaction;

  constructor(runner: QueryRunner, lease: Lease, attempt: Attempt, terms: TransactionTerms) {
    const { dataSource, isolation, readOnly, settings, useWitness, wasApplied } = terms;
    const pool = requirePool(dataSource);
    const ledger = readOnly || wasApplied !== undefined ? undefined : terms.ledger;
    this.#readSession = currentReadSession();
    this.#runner = runner;
    this.#lease = lease;
    this.#attempt = attempt;
    this.#terms = terms;
    this.#watch = useWitness && !readOnly ? witnessOf(pool).watch(lease.client) : undefined;
    this.#session = new TransactionSession(lease.client, {
      begin: renderBegin({
        isolation,
        readOnly,
        remainingMs: attempt.remainingMs,
        identity: lease.client.identity,
        statementTimeoutMs: pool.statementTimeoutMs,
      }),
      readOnly,
      settings,
      onSent: (text) => this.#watchBegin(text),
      wantsId: this.#watch !== undefined || ledger !== undefined || wasApplied !== undefined,
      wantsPosition: !readOnly && this.#readSession !== undefined,
      createEntry: ledger && (() => ledger.createEntry()),
      sendWrite: (write) =>
        lease.sendPast(write.text, write.values, (failure, answer) => write.noteAnswer(failure, answer)),
    });
    this.#transaction = new WorkTransaction(attempt, this.#session);
  }

  async run<T>(work: TransactionWork<T>): Promise<TransactionEnd<T>> {
    const { client } = this.#lease;
    this.#lease.gate = this.#session;
    try {
      if (!startUnheard(this.#runner, this.#lease, this.#session)) {
        await this.#orCut(() => this.#runner.startTransaction());
      }
      const value = await this.#perform(work);
      return await this.#commit(value);
    } catch (error) {
      await this.#rollBack(error);
      throw this.#judge(error);
    } finally {
      // The session was read-only on purpose; the server takes writes as before.
      if (this.#terms.readOnly) client.isReadOnly = false;
      // Until the connection is given back: what the work has forgotten must not run outside of a transaction.
      this.#lease.refuse(createLateError);
      this.#lease.gate = undefined;
      this.#session.close();
    }
  }

  #judge(error: unknown): unknown {
    if (this.#session.isEndedByWork) {
      this.#readSession?.noteWrite();
      return error instanceof TransactionEndedError ? error : new TransactionEndedError(error);
    }
    return this.#terms.readOnly && this.#lease.client.isReadOnly ? new ReadOnlyTransactionError() : error;
  }

  /** As long as BEGIN is not answered, there is no statement of the work to cancel. */
  #watchBegin(text: string): (failure: Error | null) => void {
    const tell = this.#lease.report(text);
    const limit = this.#openLimit();
    return (failure) => {
      limit.close();
      tell?.(failure);
    };
  }

  /** If the call ends before this is closed, or it takes longer than a COMMIT may, the connection is cut. */
  #openLimit(): ConnectionLimit {
    const signal = this.#terms.isBounded ? this.#attempt.signal : undefined;
    return new ConnectionLimit(this.#lease.client, this.#commitLimitMs(), signal);
  }

  /** For what has no statement of the work to cancel. */
  async #orCut(step: () => Promise<void>): Promise<void> {
    const { isBounded } = this.#terms;
    const limit = this.#openLimit();
    try {
      await step();
    } catch (error) {
      throw isBounded && this.#attempt.signal.aborted ? this.#attempt.signal.reason : error;
    } finally {
      limit.close();
    }
  }

  /** Settles with the work, or with the reason of whatever ends it early. */
  #perform<T>(work: TransactionWork<T>): Promise<T> {
    const start = () => work(this.#runner.manager, this.#transaction);
    return this.#terms.isBounded ? this.#boundBySignal(start) : start();
  }

  async #boundBySignal<T>(start: () => Promise<T>): Promise<T> {
    const { signal } = this.#attempt;
    signal.throwIfAborted();
    let onAbort = (): void => {};
    const ended = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(signal.reason);
    });
    listenForAbort(signal, onAbort);
    try {
      const value = await Promise.race([start(), ended]);
      signal.throwIfAborted();
      return value;
    } catch (error) {
      // The server counts the same time, and may be first; the deadline says it better.
      if (isCancellation(error) && this.#attempt.remainingMs < SIMULTANEOUS_MS) await ended;
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #commit<T>(value: T): Promise<TransactionEnd<T>> {
    const { client } = this.#lease;
    // What the work has called and not waited for is on its way by then, and belongs in front of COMMIT.
    await new Promise<void>((resolve) => process.nextTick(resolve));
    const mayAsk = client.getTransactionStatus() !== 'E' && this.#session.wantsAnswer;
    if (mayAsk) await this.#orCut(() => this.#session.readId());
    if (this.#session.isEndedByWork) throw new TransactionEndedError(undefined);
    if (client.loss) throw tagPhase(explainFailure(client, client.loss), 'in-transaction');
    const session = this.#session;
    if (session.openingFailure !== undefined) throw session.openingFailure;
    if (session.idFailure && client.getTransactionStatus() === 'E') {
      throw tagPhase(session.idFailure, 'in-transaction');
    }
    session.finish('committing');
    const limit = new ConnectionLimit(client, this.#commitLimitMs());
    try {
      await commitTransaction(this.#runner, this.#lease);
      // TypeORM commits the innermost of its transactions, and the work has left one open.
      if (session.state !== 'committed') {
        throw tagPhase(new TransactionControlError('An open savepoint'), 'in-transaction');
      }
    } catch (error) {
      if (session.state !== 'committed') {
        if (session.commit.sentAtMs === 0) throw unwrapUnsent(error);
        const { firstFailure } = this.#lease;
        const facts = { session, ledger: this.#terms.ledger, firstFailure };
        if (session.commit.isSkipped) throw describeSkip(error, facts);
        if (await isRefusal(error, client)) throw describeRefusal(error, facts);
        return this.#describeLoss(value, error);
      }
      const code = error instanceof Error ? error.name : typeof error;
      this.#terms.logger?.warn('A subscriber failed after the commit', { code });
    } finally {
      limit.close();
    }
    if (!session.isUnsent) this.#noteCommit(session.commit.position);
    return { kind: 'committed', value, hooks: WorkTransaction.hooksOf(this.#transaction) };
  }

  #noteCommit(position: string | undefined): void {
    if (this.#terms.readOnly) return;
    if (position === undefined) this.#readSession?.noteWrite();
    else this.#readSession?.noteCommit(position);
  }

  #commitLimitMs(): number {
    return Math.max(1, Math.min(this.#terms.commitMs, this.#attempt.remainingMs));
  }

  #describeLoss<T>(value: T, cause: unknown): TransactionEnd<T> {
    // What was only read needs no commit to be true, but at SERIALIZABLE needs one to be consistent.
    if (this.#terms.readOnly) throw describeAbort(cause);
    const { transactionId, backendPid, commit } = this.#session;
    const { token, sentAtMs } = commit;
    const { wasApplied, settings } = this.#terms;
    const watch = this.#watch;
    this.#noteCommit(undefined);
    const lost = { transactionId, backendPid, sentAtMs, watch, token, wasApplied, settings, cause };
    return { kind: 'lost', value, hooks: WorkTransaction.hooksOf(this.#transaction), lost };
  }

  /** The server has forgotten the transaction, or the connection is gone. Never rejects. */
  async #rollBack(reason: unknown): Promise<void> {
    const { client } = this.#lease;
    this.#session.refuse(reason);
    if (client.isDoomed) return;
    const limit = new ConnectionLimit(client, CLEANUP_MS);
    try {
      if (this.#lease.isBusy) await requestCancel(client, CLEANUP_MS);
      this.#session.finish('rolling-back');
      await this.#session.settle();
      while (this.#runner.isTransactionActive && client.getTransactionStatus() !== 'I') {
        await this.#runner.rollbackTransaction();
      }
    } catch {
      // The pool closes a connection that is given back inside a transaction.
    } finally {
      limit.close();
    }
  }
}
