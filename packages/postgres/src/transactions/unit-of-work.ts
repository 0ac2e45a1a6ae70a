import { performance } from 'node:perf_hooks';
import {
  type Attempt,
  type CallContext,
  type Deadline,
  InvalidOptionError,
  MAX_TIMER_MS,
  type Policy,
  pipeline,
  type RetryOptions,
  requireKnownOptions,
  requireLogger,
  requireNumber,
  type StructuredLogger,
} from '@holdfast/resilience';
import { transactionRetry } from '@holdfast/resilience/postgres';
import type { DataSource, EntityManager } from 'typeorm';
import { findPool, readEvents } from '../data-source/pool-registry';
import type { PostgresEmitter, TransactionEvent } from '../events/postgres-events';
import { PRIMARY_POOL } from '../pool/pool-options';
import { AmbiguousOutcomeError } from './ambiguous-outcome-error';
import { type IsolationLevel, requireIsolation } from './begin';
import { describeAbort } from './commit-failure';
import { guardLogger } from './guard-logger';
import { OutcomeLedger } from './outcome-ledger';
import { type ResolvedOutcome, resolveOutcome } from './resolve-outcome';
import { runTransaction, type TransactionEnd, type TransactionTerms } from './run-transaction';
import { sweeperOf } from './sweep';
import type { AfterCommitHook, TransactionWork } from './transaction';
import { witnessOf } from './witness';

/** What a unit of work may be told when it is made. */
export interface UnitOfWorkOptions {
  /** How transactions that failed in a way that may pass are run again. Default: that of `transactionRetry`, 5 attempts. */
  readonly retry?: RetryOptions;
  /** Policies around each attempt, inside the retry, outermost first: a circuit breaker, a bulkhead. Default none. */
  readonly policies?: readonly Policy<never>[];
  /**
   * Whether a connection beside the pool watches the server, by which the outcome of a lost COMMIT can be proved as long
   * as the server did not crash. Default true.
   */
  readonly witness?: boolean;
  /** A table that proves the outcome also after a crash or failover, for a row per transaction. Default: none. */
  readonly ledger?: OutcomeLedger;
  /** Longest wait for the answer to COMMIT, in milliseconds; then the connection is cut. Default 30 000. */
  readonly commitMs?: number;
  /** Longest time for finding out what became of a lost COMMIT, in milliseconds; the deadline does not end it. Default 10 000. */
  readonly resolveMs?: number;
  readonly logger?: StructuredLogger;
}

/** Defaults of `createUnitOfWork`. */
export const UNIT_OF_WORK_DEFAULTS = Object.freeze({ witness: true, commitMs: 30_000, resolveMs: 10_000 });

/** What one unit of work may be told. */
export interface RunOptions {
  /** Default: the server's, which is READ COMMITTED unless changed. */
  readonly isolation?: IsolationLevel;
  /** The server refuses writes. Default false. */
  readonly readOnly?: boolean;
  /** A replica may run it; only with `readOnly`, and not at SERIALIZABLE, which standbys do not have. Default false. */
  readonly replica?: boolean;
  /** Ends the work: the running statement is cancelled on the server. It does not undo a COMMIT that was sent. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Shared deadline, or milliseconds from this call, for all attempts together. The server is told of it: it becomes
   * `statement_timeout`, and from PostgreSQL 17 on, one second later, `transaction_timeout`.
   */
  readonly deadline?: Deadline | number | undefined;
  /**
   * Looks up whether the work was applied, by a key that the work writes in its own transaction. Asked after a COMMIT whose
   * answer was lost, on another connection, when the transaction is certainly over.
   */
  readonly wasApplied?: (manager: EntityManager) => Promise<boolean>;
  /** Who is calling, for logs and events. */
  readonly context?: CallContext | undefined;
}

const RUN_OPTIONS = ['isolation', 'readOnly', 'replica', 'signal', 'deadline', 'wasApplied', 'context'];
const OPTIONS = ['retry', 'policies', 'witness', 'ledger', 'commitMs', 'resolveMs', 'logger'];

/** Runs work in transactions that know their outcome. */
export class UnitOfWork {
  readonly dataSource: DataSource;
  readonly #events: PostgresEmitter;
  readonly #policy: Policy<never>;
  readonly #ledger: OutcomeLedger | undefined;
  readonly #logger: StructuredLogger | undefined;
  readonly #hasPolicies: boolean;
  readonly #settings: { readonly witness: boolean; readonly commitMs: number; readonly resolveMs: number };

  constructor(dataSource: DataSource, options: UnitOfWorkOptions = {}) {
    requireKnownOptions('unitOfWork', options, OPTIONS);
    requireLogger(options.logger);
    const { retry, policies = [], ledger, logger } = options;
    const { witness, commitMs, resolveMs } = { ...UNIT_OF_WORK_DEFAULTS, ...options };
    if (ledger !== undefined && !(ledger instanceof OutcomeLedger)) {
      throw new InvalidOptionError('ledger', ledger, 'a ledger made by outcomeLedger()');
    }
    requireNumber('commitMs', commitMs, { min: 1, max: MAX_TIMER_MS });
    requireNumber('resolveMs', resolveMs, { min: 1, max: MAX_TIMER_MS });
    this.dataSource = dataSource;
    this.#events = readEvents(dataSource);
    this.#policy = pipeline([transactionRetry({ ...(logger && { logger }), ...retry }), ...policies]);
    this.#ledger = ledger;
    this.#hasPolicies = policies.length > 0;
    this.#logger = logger && guardLogger(logger);
    this.#settings = { witness, commitMs, resolveMs };
    // With the first connection of the pool comes the witness, so that it watches when the first transaction begins.
    if (witness) this.#events.on('connect', ({ pool }) => pool === PRIMARY_POOL && this.#prepareWitness());
    this.#prepareWitness();
  }

  /**
   * Resolves with what `work` resolved with, once its transaction is known to be committed.
   *
   * A transaction that failed in a way that may pass (a serialization failure, a deadlock, a lost connection) is run
   * again as a whole, on another connection. So `work` may be called several times: what it does beside the database
   * belongs into `afterCommit`.
   *
   * @throws AmbiguousOutcomeError when the answer to COMMIT was lost and nothing proves what became of it. After every
   * other error nothing was applied: TransactionAbortedError when an error was swallowed, DeadlineExceededError, the signal's reason,
   * RetryError when the attempts were used up, or the error that the work threw.
   */
  async run<T>(work: TransactionWork<T>, options: RunOptions = {}): Promise<T> {
    requireRun(work, options);
    const { signal, deadline, context } = options;
    const course: Course<T> = { startedMs: performance.now(), attempts: 0 };
    let end: TransactionEnd<T>;
    try {
      end = await this.#policy.execute((attempt) => this.#begin(work, attempt, options, course), {
        signal,
        deadline,
        context,
      });
    } catch (error) {
      end = await this.#conclude(course, error);
    }
    this.#tell(course, 'committed', undefined);
    await this.#runHooks(end.hooks);
    this.#sweep();
    return end.value;
  }

  /**
   * What a rejection leaves open. A policy may have given up an attempt that then commits: its end counts. And of work
   * that was declared idempotent an earlier attempt may have been applied, of which the last one says nothing.
   */
  async #conclude<T>(course: Course<T>, rejection: unknown): Promise<TransactionEnd<T>> {
    let error = rejection;
    try {
      if (course.latest) return await course.latest;
    } catch (failure) {
      if (failure instanceof AmbiguousOutcomeError) error = failure;
    }
    error = course.unknown ?? error;
    this.#tell(course, error instanceof AmbiguousOutcomeError ? 'unknown' : 'rolled-back', error);
    throw error;
  }

  #prepareWitness(): void {
    const pool = this.#settings.witness && findPool(this.dataSource);
    if (pool) witnessOf(pool).prepare();
  }

  #begin<T>(work: TransactionWork<T>, attempt: Attempt, options: RunOptions, course: Course<T>) {
    course.latest = this.#attempt(work, attempt, options, course);
    return course.latest;
  }

  async #attempt<T>(
    work: TransactionWork<T>,
    attempt: Attempt,
    options: RunOptions,
    course: Course<T>,
  ): Promise<TransactionEnd<T>> {
    course.attempts += 1;
    const { isolation, readOnly = false, replica: onReplica = false, wasApplied } = options;
    const { witness: useWitness, commitMs, resolveMs } = this.#settings;
    const dataSource = this.dataSource;
    const ledger = this.#ledger;
    const logger = this.#logger;
    const terms: TransactionTerms = {
      dataSource,
      isolation,
      readOnly,
      onReplica,
      // A policy may end an attempt as well.
      isBounded: options.signal !== undefined || options.deadline !== undefined || this.#hasPolicies,
      wasApplied,
      useWitness,
      ledger,
      commitMs,
      logger,
    };
    const end = await runTransaction(work, attempt, terms);
    if (end.kind === 'committed') return end;
    try {
      const { outcome, resolvedBy } = await resolveOutcome(end.lost, { dataSource, ledger, resolveMs });
      course.resolvedBy = resolvedBy;
      if (outcome === 'committed') return end;
    } catch (error) {
      if (error instanceof AmbiguousOutcomeError) course.unknown ??= error;
      throw error;
    }
    throw describeAbort(end.lost.cause);
  }

  async #runHooks(hooks: readonly AfterCommitHook[]): Promise<void> {
    for (const hook of hooks) {
      try {
        await hook();
      } catch (error) {
        const code = error instanceof Error ? error.name : typeof error;
        this.#logger?.error('A hook failed after its transaction was committed', { code });
      }
    }
  }

  #sweep(): void {
    if (this.#ledger) sweeperOf(this.dataSource, this.#ledger).sweepIfDue(this.#logger);
  }

  #tell<T>(
    { startedMs, attempts, resolvedBy }: Course<T>,
    outcome: TransactionEvent['outcome'],
    error: unknown,
  ): void {
    if (!this.#events.isHeard('transaction')) return;
    const durationMs = performance.now() - startedMs;
    this.#events.emit('transaction', {
      pool: 'primary',
      outcome,
      attempts,
      durationMs,
      resolvedBy,
      error,
    });
  }
}

/** What is known of a run while it goes on. */
interface Course<T> {
  readonly startedMs: number;
  attempts: number;
  resolvedBy?: ResolvedOutcome['resolvedBy'];
  /** The attempt that began last. */
  latest?: Promise<TransactionEnd<T>>;
  /** An attempt of which nobody knows whether it was applied. */
  unknown?: AmbiguousOutcomeError;
}

/**
 * Makes the unit of work of a DataSource.
 * @throws InvalidOptionError naming the option, the value and what is allowed; ForeignDataSourceError.
 */
export function createUnitOfWork(dataSource: DataSource, options?: UnitOfWorkOptions): UnitOfWork {
  return new UnitOfWork(dataSource, options);
}

function requireRun(work: unknown, options: RunOptions): void {
  if (typeof work !== 'function') throw new InvalidOptionError('work', work, 'a function');
  requireKnownOptions('run', options, RUN_OPTIONS);
  requireIsolation(options.isolation);
  if (options.readOnly !== undefined && typeof options.readOnly !== 'boolean') {
    throw new InvalidOptionError('readOnly', options.readOnly, 'true or false');
  }
  if (options.replica === true && (options.readOnly !== true || options.isolation === 'SERIALIZABLE')) {
    throw new InvalidOptionError('replica', true, 'true only with readOnly, and not at SERIALIZABLE');
  }
  if (options.wasApplied !== undefined && typeof options.wasApplied !== 'function') {
    throw new InvalidOptionError('wasApplied', options.wasApplied, 'a function');
  }
}
