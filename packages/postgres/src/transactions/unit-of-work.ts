import { performance } from 'node:perf_hooks';
import { type Attempt, type Policy, pipeline, type StructuredLogger } from '@holdfast/resilience';
import { transactionRetry } from '@holdfast/resilience/postgres';
import type { DataSource } from 'typeorm';
import { DataSourceNotOpenError, findPool, readEvents } from '../data-source/pool-registry';
import type { PostgresEmitter, TransactionEvent } from '../events/postgres-events';
import { PRIMARY_POOL } from '../pool/pool-options';
import { readSettings } from '../statements/local-settings';
import { AmbiguousOutcomeError } from './ambiguous-outcome-error';
import { describeAbort } from './commit-failure';
import { guardLogger } from './guard-logger';
import { describeHookFailure } from './hook-failure';
import type { OutcomeLedger } from './outcome-ledger';
import { type ResolvedOutcome, resolveOutcome } from './resolve-outcome';
import { runTransaction } from './run-transaction';
import { sweeperOf } from './sweep';
import type { AfterCommitHook, TransactionWork } from './transaction';
import type { LostEnd, TransactionEnd, TransactionTerms } from './transaction-terms';
import {
  type RunOptions,
  requireRun,
  requireUnitOfWorkOptions,
  type UnitOfWorkOptions,
} from './unit-of-work-options';
import { witnessOf } from './witness';

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
    const settings = requireUnitOfWorkOptions(options);
    const { retry, policies, ledger, logger, witness, commitMs, resolveMs } = settings;
    this.dataSource = dataSource;
    this.#events = readEvents(dataSource);
    // Joined by themselves first, so that an error about one of them names its place in the caller's list.
    this.#policy = pipeline([transactionRetry({ ...(logger && { logger }), ...retry }), pipeline(policies)]);
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
   * RetryError when the attempts were used up, DataSourceNotOpenError, or the error that the work threw.
   */
  async run<T>(work: TransactionWork<T>, options: RunOptions = {}): Promise<T> {
    requireRun(work, options);
    const { signal, deadline, context } = options;
    const course: Course<T> = { startedMs: performance.now(), attempts: 0, pool: PRIMARY_POOL };
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
    if (end.hooks.length > 0) await this.#runHooks(end.hooks);
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

  #begin<T>(
    work: TransactionWork<T>,
    attempt: Attempt,
    options: RunOptions,
    course: Course<T>,
  ): Promise<TransactionEnd<T>> {
    course.attempts += 1;
    course.pool = PRIMARY_POOL;
    if (!this.dataSource.isInitialized) return Promise.reject(new DataSourceNotOpenError());
    course.latest = this.#attempt(work, attempt, options, course);
    return course.latest;
  }

  #attempt<T>(
    work: TransactionWork<T>,
    attempt: Attempt,
    options: RunOptions,
    course: Course<T>,
  ): Promise<TransactionEnd<T>> {
    const { isolation, readOnly = false, replica: onReplica = false, wasApplied } = options;
    const { witness: useWitness, commitMs } = this.#settings;
    const dataSource = this.dataSource;
    const ledger = this.#ledger;
    const logger = this.#logger;
    const terms: TransactionTerms = {
      dataSource,
      isolation,
      readOnly,
      settings: readSettings(options.settings),
      onReplica,
      onConnection: (lease) => {
        course.pool = lease.pool;
        lease.requestId = options.context?.requestId;
      },
      // A policy may end an attempt as well.
      isBounded: options.signal !== undefined || options.deadline !== undefined || this.#hasPolicies,
      wasApplied,
      useWitness,
      ledger,
      commitMs,
      logger,
    };
    return runTransaction(work, attempt, terms).then((end) =>
      end.kind === 'committed' ? end : this.#resolve(end, course),
    );
  }

  /** The answer to COMMIT was lost. */
  async #resolve<T>(end: LostEnd<T>, course: Course<T>): Promise<TransactionEnd<T>> {
    const { dataSource } = this;
    const { resolveMs } = this.#settings;
    try {
      const { outcome, resolvedBy } = await resolveOutcome(end.lost, {
        dataSource,
        ledger: this.#ledger,
        resolveMs,
      });
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
        const failure = describeHookFailure(hook, error);
        this.#logger?.error('A hook failed after its transaction was committed', failure);
      }
    }
  }

  #sweep(): void {
    if (this.#ledger) sweeperOf(this.dataSource, this.#ledger).sweepIfDue(this.#logger);
  }

  #tell<T>(
    { startedMs, attempts, pool, resolvedBy }: Course<T>,
    outcome: TransactionEvent['outcome'],
    error: unknown,
  ): void {
    if (!this.#events.isHeard('transaction')) return;
    const durationMs = performance.now() - startedMs;
    this.#events.emit('transaction', { pool, outcome, attempts, durationMs, resolvedBy, error });
  }
}

/** What is known of a run while it goes on. */
interface Course<T> {
  readonly startedMs: number;
  attempts: number;
  /** What events call the pool of the attempt that began last. */
  pool: string;
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
