import {
  Emitter,
  InvalidOptionError,
  MAX_TIMER_MS,
  requireKnownOptions,
  requireNumber,
} from '@holdfast/resilience';
import { tagPhase } from '@holdfast/resilience/postgres';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { readDataSourceTarget } from '../data-source/data-source-target';
import { closeDataSource } from '../data-source/open-data-source';
import {
  DataSourceNotOpenError,
  endPools,
  requirePool,
  requireRegistration,
} from '../data-source/pool-registry';
import type { PostgresEvents } from '../events/postgres-events';
import type { CutConnection } from '../pool/cut-connection';
import { PoolClosedError } from '../pool/pool-error';
import { PRIMARY_POOL } from '../pool/pool-options';
import type { Transaction } from '../transactions/transaction';
import type { RunOptions } from '../transactions/unit-of-work-options';
import {
  type ConnectionTest,
  type ConnectionTestOptions,
  explainFailedTest,
  testServer,
} from './connection-probe';
import { HealthWatch } from './health-watch';
import type { ConnectionHealth, EnvironmentPoolStats, ManagerEvents, PoolAlert } from './manager-events';
import { ManagerLog } from './manager-log';
import {
  type ConnectionManagerOptions,
  type ManagerSettings,
  requireManagerSettings,
} from './manager-options';
import { PressureWatch } from './pressure-watch';
import type { TransactionRunner } from './transaction-runner';
import { runOnConnection, type WithConnectionOptions } from './with-connection';

/** What a manager's listeners may listen to: what the connections tell, and what the manager finds out. */
export type ConnectionManagerEvents = PostgresEvents & ManagerEvents;

/** How closing went. */
export interface CloseReport {
  /** Whether every connection came back and said goodbye in time. */
  readonly drained: boolean;
  /** How many connections had to be cut. */
  readonly cut: number;
  readonly cutConnections: readonly CutConnection[];
}

/**
 * The one place of a DataSource where connections are asked for, watched and closed. Made by `createConnectionManager`,
 * shared through `getConnectionManager`.
 */
export class ConnectionManager<Facts = Transaction, Options extends object = RunOptions>
  implements AsyncDisposable
{
  readonly #dataSource: DataSource;
  readonly #settings: ManagerSettings;
  readonly #transactions: TransactionRunner<Facts, Options>;
  readonly #events = new Emitter<ManagerEvents>(['health', 'alert']);
  readonly #health: HealthWatch;
  readonly #pressure: PressureWatch<EnvironmentPoolStats>;
  readonly #listening: readonly (() => void)[];
  /** Connections that the manager itself waits for or holds. */
  #probes = 0;
  #closing: Promise<CloseReport> | undefined;
  #isClosed = false;

  /** @throws ForeignDataSourceError, InvalidOptionError */
  constructor(dataSource: DataSource, options: ConnectionManagerOptions<Facts, Options>) {
    const settings = requireManagerSettings(options);
    const registration = requireRegistration(dataSource);
    if ((options.transactions.dataSource ?? dataSource) !== dataSource) {
      throw new InvalidOptionError(
        'transactions',
        options.transactions,
        'a unit of work of the same DataSource',
      );
    }
    const { environment, clock, calmMs, nearCapacityRatio, healthCheckIntervalMs } = settings;
    const logger = options.logger ?? registration.logger;
    const log = new ManagerLog(environment, readDataSourceTarget(dataSource), logger);
    this.#dataSource = dataSource;
    this.#settings = settings;
    this.#transactions = options.transactions;
    this.#pressure = new PressureWatch({
      readStats: () => this.#readForeignStats(),
      nearCapacityRatio,
      calmMs,
      clock,
      tell: (alert: PoolAlert) => {
        log.alert(alert);
        this.#events.emit('alert', alert);
      },
    });
    this.#health = new HealthWatch({
      intervalMs: healthCheckIntervalMs,
      calmMs,
      clock,
      check: () => this.#check(),
      onResult: (health) => this.#events.emit('health', health),
      onChange: (change) => log.health(change),
    });
    const { events } = registration;
    const listening = [
      events.on('acquire', () => this.#pressure.notice()),
      events.on('connect', ({ pool }) => this.#isPrimary(pool) && this.#health.connected()),
      events.on('error', ({ pool }) => this.#isPrimary(pool) && this.#health.connectionLost()),
      events.on('connectFailed', ({ pool, error }) => {
        if (this.#isPrimary(pool)) this.#health.connectFailed(explainFailedTest(error, dataSource));
      }),
    ];
    // A DataSource that was given a logger has told it already.
    if (!registration.logger) {
      listening.push(events.on('error', ({ pool, error }) => log.idleFailed(pool, error)));
    }
    this.#listening = listening;
  }

  /** How the last health check ended; undefined before the first, and while the DataSource is not open. */
  get health(): ConnectionHealth | undefined {
    return this.#health.last;
  }

  /** Whether everything is closed. A new manager of the same DataSource may be made then. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Resolves with what the work returns. It gets a query runner with a connection of its own, which is given back in every
   * case, and closed instead when a transaction is left open on it.
   * @throws TransactionLeftOpenError when the work ends well with a transaction open, which is rolled back; what the work
   * throws, untouched; PoolExhaustedError, ConnectTimeoutError, PoolClosedError, DataSourceNotOpenError,
   * DeadlineExceededError, the signal's reason, or why no connection could be opened: then the work has not run.
   */
  async withConnection<T>(
    work: (runner: QueryRunner) => Promise<T> | T,
    options: WithConnectionOptions = {},
  ): Promise<T> {
    this.#requireOpen();
    return runOnConnection(this.#dataSource, work, options);
  }

  /**
   * Resolves with what the work returns, when its transaction has committed.
   * @throws what the work throws, after a rollback; PoolClosedError, DataSourceNotOpenError; what the unit of work says
   * about a transaction that failed, and about one of which nobody knows.
   */
  async withTransaction<T>(
    work: (manager: EntityManager, transaction: Facts) => Promise<T>,
    options?: Options,
  ): Promise<T> {
    this.#requireOpen();
    return this.#transactions.run(work, options);
  }

  /** Answers whether the server works, within `timeoutMs`. Never rejects. Default 5000 ms. */
  async testConnection(options: ConnectionTestOptions = {}): Promise<ConnectionTest> {
    if (this.#closing !== undefined) return { ok: false, error: new PoolClosedError(), latencyMs: 0 };
    this.#probes += 1;
    try {
      return await testServer(this.#dataSource, options);
    } finally {
      this.#probes -= 1;
    }
  }

  /** Reads the pool's counts. @throws DataSourceNotOpenError, PoolClosedError */
  getPoolStats(): EnvironmentPoolStats {
    this.#requireOpen();
    return { environment: this.#settings.environment, ...requirePool(this.#dataSource).stats };
  }

  /**
   * The listener is told of every event of that name until the returned function is called. One that throws is ignored.
   * @throws InvalidOptionError when there is no such event or the listener is no function.
   */
  on<Name extends keyof ConnectionManagerEvents>(
    name: Name,
    listener: (event: ConnectionManagerEvents[Name]) => void,
  ): () => void {
    const own: readonly PropertyKey[] = ['health', 'alert'] satisfies readonly (keyof ManagerEvents)[];
    if (own.includes(name)) return this.#events.on(name as keyof ManagerEvents, listener as never);
    return requireRegistration(this.#dataSource).events.on(name as keyof PostgresEvents, listener as never);
  }

  /**
   * The DataSource is closed, and the report says what had to be cut for it: nothing is accepted any more, work in flight
   * had `deadlineMs` to finish. Default: the pool's `destroyMs`. Calling it again waits for the same end.
   * @throws InvalidOptionError when `deadlineMs` is out of range; then nothing is closed.
   */
  async close(options: { readonly deadlineMs?: number | undefined } = {}): Promise<CloseReport> {
    requireKnownOptions('close', options, ['deadlineMs']);
    const { deadlineMs } = options;
    if (deadlineMs !== undefined) {
      requireNumber('deadlineMs', deadlineMs, { min: 0, max: MAX_TIMER_MS, integer: true });
    }
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(deadlineMs: number | undefined): Promise<CloseReport> {
    this.#health.close();
    this.#pressure.close();
    for (const leave of this.#listening) leave();
    try {
      const cutConnections = await endPools(this.#dataSource, deadlineMs);
      await closeDataSource(this.#dataSource);
      return { drained: cutConnections.length === 0, cut: cutConnections.length, cutConnections };
    } finally {
      this.#isClosed = true;
    }
  }

  #requireOpen(): void {
    if (this.#closing !== undefined) throw tagPhase(new PoolClosedError(), 'acquire');
    requirePool(this.#dataSource);
  }

  /** Whether a pool tells of the server that takes writes. While the DataSource is being opened, whoever opens it tells. */
  #isPrimary(pool: string): boolean {
    return pool === PRIMARY_POOL && this.#dataSource.isInitialized;
  }

  async #check(): Promise<ConnectionTest | undefined> {
    this.#pressure.look();
    const test = await this.testConnection({ timeoutMs: this.#settings.healthCheckTimeoutMs });
    return !test.ok && test.error instanceof DataSourceNotOpenError ? undefined : test;
  }

  /** The counts without the manager's own probes: they must not be what fills the pool. */
  #readForeignStats(): EnvironmentPoolStats | undefined {
    const stats = this.#readStats();
    if (stats === undefined || this.#probes === 0) return stats;
    // Which of them wait and which hold is not known; taking them for waiting leans towards silence, for a moment.
    const waiting = Math.max(0, stats.waiting - this.#probes);
    const used = Math.max(0, stats.used - (this.#probes - (stats.waiting - waiting)));
    return { ...stats, waiting, used, utilization: used / stats.max };
  }

  #readStats(): EnvironmentPoolStats | undefined {
    try {
      return this.getPoolStats();
    } catch {
      return undefined;
    }
  }
}
