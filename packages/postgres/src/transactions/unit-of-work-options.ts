import {
  type CallContext,
  type Deadline,
  InvalidOptionError,
  MAX_TIMER_MS,
  type Policy,
  type RetryOptions,
  requireFunction,
  requireKnownOptions,
  requireLogger,
  requireNumber,
  type StructuredLogger,
} from '@holdfast/resilience';
import type { EntityManager } from 'typeorm';
import { requireBoolean, requireObject } from '../pool/require-option';
import { type LocalSettings, readSettings } from '../statements/local-settings';
import { type IsolationLevel, requireIsolation } from './begin';
import { OutcomeLedger } from './outcome-ledger';

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

/** What one unit of work may be told, wherever it runs. */
interface CommonRunOptions {
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
  /**
   * Set for the transaction, in the same write as BEGIN, and for the look-up of `wasApplied`: policies and functions of the
   * database read them. At REPEATABLE READ and SERIALIZABLE they take the snapshot. Default none.
   */
  readonly settings?: LocalSettings | undefined;
  /** Who is calling, for logs and events. */
  readonly context?: CallContext | undefined;
}

interface PrimaryRunOptions extends CommonRunOptions {
  /** Default: the server's, which is READ COMMITTED unless changed. */
  readonly isolation?: IsolationLevel;
  /** The server refuses writes. Default false. */
  readonly readOnly?: boolean;
  readonly replica?: false;
}

interface ReplicaRunOptions extends CommonRunOptions {
  /** Standbys do not have SERIALIZABLE. Default: the server's. */
  readonly isolation?: Exclude<IsolationLevel, 'SERIALIZABLE'>;
  /** Standbys take no writes. */
  readonly readOnly: true;
  /** A replica may run it. Default false. */
  readonly replica?: boolean;
}

/** What one unit of work may be told. `replica` only with `readOnly: true`, and not at SERIALIZABLE. */
export type RunOptions = PrimaryRunOptions | ReplicaRunOptions;

/** As a caller without types may give them. */
type AnyRunOptions = { readonly [Name in keyof RunOptions]?: RunOptions[Name] };

const OPTIONS = [
  'retry',
  'policies',
  'witness',
  'ledger',
  'commitMs',
  'resolveMs',
  'logger',
] as const satisfies readonly (keyof UnitOfWorkOptions)[];

const RUN_OPTIONS = [
  'isolation',
  'readOnly',
  'replica',
  'signal',
  'deadline',
  'wasApplied',
  'settings',
  'context',
] as const satisfies readonly (keyof RunOptions)[];

/**
 * Returns the options with their defaults; what policies and the retry are told is looked at where they are made.
 * @throws InvalidOptionError naming the option, its value and what is allowed.
 */
export function requireUnitOfWorkOptions(options: UnitOfWorkOptions) {
  requireKnownOptions('unitOfWork', options, OPTIONS);
  const { retry = {}, policies = [], ledger, logger } = options;
  const { witness, commitMs, resolveMs } = { ...UNIT_OF_WORK_DEFAULTS, ...options };
  requireObject('retry', retry, 'an object with options of a retry, such as maxAttempts');
  if (!Array.isArray(policies as unknown))
    throw new InvalidOptionError('policies', policies, 'an array of policies');
  requireBoolean('witness', witness);
  if (ledger !== undefined && !(ledger instanceof OutcomeLedger)) {
    throw new InvalidOptionError('ledger', ledger, 'a ledger made by outcomeLedger()');
  }
  requireNumber('commitMs', commitMs, { min: 1, max: MAX_TIMER_MS });
  requireNumber('resolveMs', resolveMs, { min: 1, max: MAX_TIMER_MS });
  requireLogger(logger);
  return { retry, policies, witness, ledger, commitMs, resolveMs, logger };
}

/** @throws InvalidOptionError naming the option of a run, its value and what is allowed. */
export function requireRun(work: unknown, options: RunOptions): void {
  if (typeof work !== 'function') throw new InvalidOptionError('work', work, 'a function');
  requireKnownOptions('run', options, RUN_OPTIONS);
  const { isolation, readOnly, replica, wasApplied, settings, context }: AnyRunOptions = options;
  requireIsolation(isolation);
  requireBoolean('readOnly', readOnly);
  requireBoolean('replica', replica);
  if (replica === true && (readOnly !== true || isolation === 'SERIALIZABLE')) {
    throw new InvalidOptionError('replica', replica, 'true only with readOnly, and not at SERIALIZABLE');
  }
  requireFunction('wasApplied', wasApplied);
  readSettings(settings);
  if (context !== undefined) requireObject('context', context, 'an object that says who is calling');
}
