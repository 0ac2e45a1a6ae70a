import { type Attempt, type Deadline, listErrorChain, type StructuredLogger } from '@holdfast/resilience';
import { tagPhase } from '@holdfast/resilience/postgres';
import pg from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { requestCancel } from '../connection/cancel-request';
import { ConnectionLostError, explainFailure } from '../connection/connection-lost-error';
import { ForeignDataSourceError, requirePool } from '../data-source/pool-registry';
import { withAcquireOptions } from '../pool/acquire-options';
import { type Lease, readLease } from '../pool/lease';
import { currentReadSession, type ReadSession } from '../replicas/read-session';
import { type IsolationLevel, renderBegin } from './begin';
import type { OutcomeLedger } from './outcome-ledger';
import { ReadOnlyTransactionError } from './read-only-transaction-error';
import type { LostCommit } from './resolve-outcome';
import { TransactionAbortedError } from './transaction-aborted-error';
import { TransactionSession } from './transaction-session';
import { type Watch, witnessOf } from './witness';

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

/** What one attempt needs to know. */
export interface TransactionTerms {
  readonly dataSource: DataSource;
  readonly isolation: IsolationLevel | undefined;
  readonly readOnly: boolean;
  /** Whether a replica may run it. */
  readonly onReplica: boolean;
  /** Whether the caller gave a signal or a deadline. */
  readonly isBounded: boolean;
  readonly wasApplied: LostCommit['wasApplied'];
  readonly useWitness: boolean;
  readonly ledger: OutcomeLedger | undefined;
  /** Longest wait for the answer to COMMIT, in milliseconds. */
  readonly commitMs: number;
  readonly logger: StructuredLogger | undefined;
}

/** How one attempt ended, where it did not throw. */
export type TransactionEnd<T> =
  | { readonly kind: 'committed'; readonly value: T; readonly hooks: readonly AfterCommitHook[] }
  /** COMMIT was sent, and the connection lost. */
  | {
      readonly kind: 'lost';
      readonly value: T;
      readonly hooks: readonly AfterCommitHook[];
      readonly lost: LostCommit;
    };

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
  const runner = dataSource.createQueryRunner(terms.onReplica ? 'slave' : 'master');
  try {
    const lease = await acquire(runner, attempt);
    return await new Run(runner, lease, attempt, terms).run(work);
  } finally {
    await runner.release();
  }
}

async function acquire(runner: QueryRunner, attempt: Attempt): Promise<Lease> {
  const { remainingMs } = attempt;
  const options = Number.isFinite(remainingMs) ? { remainingMs, signal: attempt.signal } : {};
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
  readonly #token: string | undefined;
  readonly #readSession: ReadSession | undefined;
  readonly #hooks: AfterCommitHook[] = [];

  constructor(runner: QueryRunner, lease: Lease, attempt: Attempt, terms: TransactionTerms) {
    const { dataSource, isolation, readOnly, useWitness, wasApplied } = terms;
    const pool = requirePool(dataSource);
    const ledger = readOnly || wasApplied !== undefined ? undefined : terms.ledger;
    const entry = ledger?.createEntry();
    this.#readSession = currentReadSession();
    this.#runner = runner;
    this.#lease = lease;
    this.#attempt = attempt;
    this.#terms = terms;
    this.#token = entry?.token;
    this.#watch = useWitness && !readOnly ? witnessOf(pool).watch(lease.client) : undefined;
    this.#session = new TransactionSession(lease.client, {
      begin: renderBegin({
        isolation,
        readOnly,
        remainingMs: attempt.remainingMs,
        statementTimeoutMs: pool.statementTimeoutMs,
        versionNumber: lease.client.identity?.versionNumber ?? 0,
      }),
      wantsId: this.#watch !== undefined || entry !== undefined || wasApplied !== undefined,
      wantsPosition: !readOnly && this.#readSession !== undefined,
      beforeCommit: entry?.companion,
      onCompanionFailure: (error) => lease.noteFailure(error),
    });
  }

  async run<T>(work: TransactionWork<T>): Promise<TransactionEnd<T>> {
    const { client } = this.#lease;
    this.#lease.gate = this.#session;
    try {
      await this.#runner.startTransaction();
      const value = await this.#perform(work);
      return await this.#commit(value);
    } catch (error) {
      await this.#rollBack(error);
      throw this.#terms.readOnly && client.isReadOnly ? new ReadOnlyTransactionError() : error;
    } finally {
      // The session was read-only on purpose; the server takes writes as before.
      if (this.#terms.readOnly) client.isReadOnly = false;
      this.#lease.gate = undefined;
      this.#session.close();
    }
  }

  /** Settles with the work, or with the reason of whatever ends it early. */
  #perform<T>(work: TransactionWork<T>): Promise<T> {
    const attempt = this.#attempt;
    const transaction: Transaction = {
      attempt: attempt.attempt,
      deadline: attempt.deadline,
      get signal() {
        return attempt.signal;
      },
      get remainingMs() {
        return attempt.remainingMs;
      },
      afterCommit: (hook) => {
        this.#hooks.push(hook);
      },
    };
    const start = () => work(this.#runner.manager, transaction);
    return this.#terms.isBounded ? this.#boundBySignal(start) : start();
  }

  async #boundBySignal<T>(start: () => Promise<T>): Promise<T> {
    const { signal } = this.#attempt;
    signal.throwIfAborted();
    let onAbort = (): void => {};
    const ended = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(signal.reason);
    });
    signal.addEventListener('abort', onAbort, { once: true });
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
    if (client.getTransactionStatus() !== 'E') await this.#session.readId();
    if (client.loss) throw tagPhase(explainFailure(client, client.loss), 'in-transaction');
    const session = this.#session;
    session.finish('committing');
    const timer = setTimeout(() => client.cut(), this.#commitLimitMs());
    try {
      await this.#runner.commitTransaction();
    } catch (error) {
      if (session.state !== 'committed') {
        if (session.sentAtMs === 0 || isRefusal(error)) throw findAbort(error) ?? error;
        return this.#describeLoss(value, error);
      }
      this.#terms.logger?.warn('A subscriber failed after the commit', { code: readName(error) });
    } finally {
      clearTimeout(timer);
    }
    this.#noteCommit(session.position);
    return { kind: 'committed', value, hooks: this.#hooks };
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
    const { transactionId, backendPid, sentAtMs } = this.#session;
    const { wasApplied } = this.#terms;
    const watch = this.#watch;
    const token = this.#token;
    this.#noteCommit(undefined);
    const lost = { transactionId, backendPid, sentAtMs, watch, token, wasApplied, cause };
    return { kind: 'lost', value, hooks: this.#hooks, lost };
  }

  /** The server has forgotten the transaction, or the connection is gone. Never rejects. */
  async #rollBack(reason: unknown): Promise<void> {
    const { client } = this.#lease;
    this.#session.refuse(reason);
    if (client.isDoomed) return;
    const timer = setTimeout(() => client.cut(), CLEANUP_MS);
    try {
      if (this.#lease.isBusy) await requestCancel(client, CLEANUP_MS);
      this.#session.finish('rolling-back');
      while (this.#runner.isTransactionActive && client.getTransactionStatus() !== 'I') {
        await this.#runner.rollbackTransaction();
      }
    } catch {
      // The pool closes a connection that is given back inside a transaction.
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A COMMIT that was not applied, as a failure before it: the work may run again in a new transaction. */
export function describeAbort(cause: unknown): Error {
  const code = listErrorChain(cause).map((link) => (link as { code?: unknown }).code);
  const known = code.find((value) => typeof value === 'string');
  return tagPhase(new ConnectionLostError(known ?? '08006', undefined), 'in-transaction');
}

/** TypeORM wraps what its COMMIT was refused with into a failed query. */
function findAbort(error: unknown): object | undefined {
  return listErrorChain(error).find((link) => link instanceof TransactionAbortedError);
}

/** Whether the server has refused the COMMIT: then nothing was applied. An end of the session refuses nothing. */
function isRefusal(error: unknown): boolean {
  return listErrorChain(error).some(
    (link) =>
      link instanceof TransactionAbortedError ||
      (link instanceof pg.DatabaseError && link.severity === 'ERROR'),
  );
}

/** Whether a statement was cancelled: on request, or because its time was over. */
function isCancellation(error: unknown): boolean {
  return listErrorChain(error).some((link) => link instanceof pg.DatabaseError && link.code === '57014');
}

function readName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
