import { performance } from 'node:perf_hooks';
import { tagPhase } from '@holdfast/resilience/postgres';
import pg, { type PoolClient, type PoolConfig } from 'pg';
import { hideConnectionString } from '../connection/hide-connection-string';
import { openConnection } from '../connection/open-connection';
import type { PooledClient } from '../connection/pooled-client';
import { type ConnectionPreparation, prepareConnection } from '../connection/prepare-connection';
import { createPostgresEmitter, type RemovalReason } from '../events/postgres-events';
import { SessionPolicy } from '../statements/session-policy';
import { requireStatementSettings } from '../statements/statement-settings';
import { type AcquireOptions, takeAcquireOptions } from './acquire-options';
import { CallerQueue } from './caller-queue';
import { type CutConnection, closeSockets } from './cut-connection';
import { Lending } from './lending';
import { OpenSockets } from './open-sockets';
import { Openings } from './openings';
import { drawLifetimeSeconds, handOutFit, type PgPoolInternals, takeIdle } from './pg-pool-internals';
import { PoolClosedError } from './pool-error';
import { type HoldfastPoolOptions, PRIMARY_POOL } from './pool-options';
import { PoolReporter } from './pool-reporter';
import { type PoolSettings, requirePoolSettings } from './pool-settings';
import type { PoolStats } from './pool-stats';
import { Refill } from './refill';
import { needsValidation, validateConnection } from './validate-connection';
import type { ConnectCallback, Waiter } from './waiter';

/**
 * A node-postgres pool that keeps its minimum, tells waiting from opening, repeats an opening that may pass, hands out
 * only connections that are fit for it, and closes in bounded time.
 *
 * It keeps callers in a queue of its own, first come first served, and hands one on to pg-pool only when pg-pool can
 * serve it at once. pg-pool's single timeout therefore bounds openings alone.
 */
export class HoldfastPool extends pg.Pool {
  readonly name: string;
  readonly settings: Required<PoolSettings>;
  /** Limit of every statement, in milliseconds, where one is set. */
  readonly statementTimeoutMs: number | undefined;
  /** What its connections keep. */
  readonly session: SessionPolicy;
  readonly #report: PoolReporter;
  readonly #sockets: OpenSockets;
  readonly #preparation: ConnectionPreparation;
  readonly #lending: Lending;
  readonly #callers: CallerQueue;
  readonly #openings: Openings;
  readonly #refill: Refill;
  #closing: Promise<readonly CutConnection[]> | undefined;

  constructor(config: PoolConfig, options: HoldfastPoolOptions) {
    const settings = requirePoolSettings(options.settings);
    const { statementTimeoutMs, name = PRIMARY_POOL, events = createPostgresEmitter(), logger } = options;
    const { route, failsFast = false } = options;
    const sockets = new OpenSockets(route);
    const statements = requireStatementSettings(options);
    const session = new SessionPolicy({ pool: name, ...statements, statementTimeoutMs, logger });
    const preparation = { createMs: settings.createMs, session, route };
    super({
      ...config,
      min: settings.min,
      max: settings.max,
      idleTimeoutMillis: settings.idleMs,
      connectionTimeoutMillis: settings.createMs,
      Client: sockets.createClientClass(),
      keepAlive: true,
      onConnect: (client) => prepareConnection(client as PooledClient, preparation),
    });
    hideConnectionString(this.options);
    drawLifetimeSeconds(this.options, settings.lifetimeMs, options.random ?? Math.random);
    this.name = name;
    this.settings = settings;
    this.session = session;
    this.statementTimeoutMs = statementTimeoutMs;
    this.#report = new PoolReporter(name, events, logger);
    this.#sockets = sockets;
    this.#preparation = preparation;
    this.#openings = new Openings({
      retryMs: settings.createRetryMs,
      route,
      failsFast,
      onResume: () => this.#dispatch(),
    });
    this.#refill = new Refill({
      isShort: () => this.#openings.hasConnected && !this.ending && this.totalCount < settings.min,
      open: (callback) => this.#internals.newClient({ callback }),
      onFailure: (error) => {
        this.#report.connectFailed(error, this.ending);
        this.#dispatch();
      },
    });
    this.#lending = new Lending(settings, this.#report);
    this.#callers = new CallerQueue(settings, this.#report, this.#lending);
    this.#listen();
  }

  /** Counts at this moment. */
  get stats(): PoolStats {
    const { min, max } = this.settings;
    const { used } = this.#lending;
    const { unanswered: waiting } = this.#callers;
    const { idleCount: free, totalCount: total } = this;
    return { used, free, total, waiting, min, max, utilization: used / max };
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<PoolClient> | undefined {
    if (!callback) return this.acquire(takeAcquireOptions());
    this.#enqueue(callback, takeAcquireOptions(), this.connect);
    return undefined;
  }

  /**
   * Resolves with a connection that must be given back with `release()`.
   * @throws PoolExhaustedError, ConnectTimeoutError, PoolClosedError, or why no connection could be opened, all marked
   * with the phase `acquire`: nothing was sent; or the signal's reason, as it is.
   */
  acquire(options: AcquireOptions = {}): Promise<PoolClient> {
    return new Promise((resolve, reject) => {
      const callback: ConnectCallback = (error, client) => (client ? resolve(client) : reject(error));
      this.#enqueue(callback, options, this.acquire);
    });
  }

  /**
   * Opens a connection beside the pool: it counts for none of its numbers, keeps no process alive, and is closed with it.
   * @throws why it could not be opened.
   */
  async openSeparately(createMs = this.settings.createMs): Promise<PooledClient> {
    if (this.ending) throw new PoolClosedError();
    const client = new this.#internals.Client(this.options);
    client.isSeparate = true;
    await openConnection(client, { ...this.#preparation, createMs });
    client.unref();
    return client;
  }

  /** Idle connections to a server are closed. */
  cutIdleTo(url: string, reason: RemovalReason = 'read-only'): void {
    this.#sockets.cutIdle(({ targetUrl }) => targetUrl === url, reason);
  }

  /** Connections to any other server than this are closed, whoever has them. */
  cutAllBut(url: string): void {
    this.#sockets.cut(({ targetUrl }) => targetUrl !== url, 'read-only');
  }

  /**
   * Every socket is closed: callers that wait are refused, idle connections say goodbye, and those in use are waited for;
   * after `destroyMs` whatever is left is cut. Calling it again waits for the same end.
   */
  override end(): Promise<void>;
  override end(callback: (error?: Error) => void): void;
  override end(callback?: (error?: Error) => void): Promise<void> | undefined {
    const closed = this.drain(this.settings.destroyMs).then(() => {});
    if (!callback) return closed;
    closed.then(() => callback(), callback);
    return undefined;
  }

  /** As `end`, within a limit of the caller's unless the pool closes already, and resolves with what had to be cut. */
  drain(limitMs: number): Promise<readonly CutConnection[]> {
    this.#closing ??= this.#close(limitMs);
    return this.#closing;
  }

  #listen(): void {
    this.on('release', (_error, released) => {
      const client = released as PoolClient & PooledClient;
      client.idleSinceMs = performance.now();
      if (this.#internals._expired.has(client)) client.removal ??= 'lifetime';
      // pg-pool announces a release before the client is idle again.
      if (!this.#callers.isEmpty) process.nextTick(() => this.#dispatch());
    });
    this.on('connect', (client) => {
      this.#openings.succeeded();
      this.#report.connected(client as PoolClient & PooledClient);
      process.nextTick(() => this.#refill.run());
    });
    this.on('remove', (removed) => {
      const client = removed as PoolClient & PooledClient;
      // Where one connection leads to a standby, none leads to a primary.
      if (client.isOnStandby && this.name === PRIMARY_POOL) this.cutIdleTo(client.targetUrl ?? '');
      this.#report.removed(client, this.ending);
      this.#dispatch();
      this.#refill.run();
    });
    this.on('error', (error, failed) => this.#report.idleFailed(error, failed as PoolClient & PooledClient));
  }

  get #internals(): PgPoolInternals {
    return this as unknown as PgPoolInternals;
  }

  /** `above`: the method whose caller asks for the connection. */
  #enqueue(callback: ConnectCallback, options: AcquireOptions, above: (...args: never[]) => unknown): void {
    const site = this.#lending.noteSite(options.above ?? above, options);
    const idle = this.#takeFit(options);
    if (idle !== undefined) {
      const face = this.#lending.lend(idle, 0, site);
      callback(undefined, face, face.release);
      return;
    }
    const waiter = this.#callers.enter(callback, options, site);
    this.#dispatch();
    this.#callers.watch(waiter);
  }

  /** Takes an idle connection for a caller who need not get in line: nobody is in it, and the connection needs no validation. */
  #takeFit({ signal }: AcquireOptions): (PoolClient & PooledClient) | undefined {
    const mustWait = this.ending || !this.#callers.isEmpty || this.waitingCount > 0 || signal?.aborted;
    return mustWait ? undefined : handOutFit(this.#internals, this.settings.validateAfterMs);
  }

  /** Serves callers in order while pg-pool can hand out a connection or open one. */
  #dispatch(): void {
    while (!this.ending && !this.#callers.isEmpty && this.#canServe()) {
      this.#serve(this.#callers.takeFirst());
    }
  }

  #canServe(): boolean {
    // pg-pool hands out an idle client one tick later; until then the caller sits in its queue.
    const claimed = this.waitingCount;
    if (this.idleCount > claimed) return true;
    return !this.#openings.isPaused && this.totalCount - this.idleCount + claimed < this.settings.max;
  }

  #serve(waiter: Waiter): void {
    const callback: ConnectCallback = (error, client) => {
      if (client) this.#onClient(waiter, client as PoolClient & PooledClient);
      else this.#onFailure(waiter, error ?? new PoolClosedError());
    };
    if (this.idleCount > 0) {
      this.#internals._acquireClient(...takeIdle(this.#internals._idle, callback));
      return;
    }
    try {
      super.connect(callback);
    } catch (error) {
      this.#callers.leave(waiter);
      this.#callers.refuse(waiter, error as Error);
    }
  }

  #onClient(waiter: Waiter, client: PoolClient & PooledClient): void {
    const { idleSinceMs } = client;
    client.idleSinceMs = undefined;
    if (waiter.isAnswered) {
      this.#callers.leave(waiter);
      client.release();
    } else if (needsValidation(idleSinceMs, this.settings.validateAfterMs)) {
      void this.#validate(waiter, client, idleSinceMs ?? 0);
    } else {
      this.#lend(waiter, client);
    }
  }

  async #validate(waiter: Waiter, client: PoolClient & PooledClient, idleSinceMs: number): Promise<void> {
    const isAlive = await validateConnection(client, waiter.remainingMs);
    if (isAlive && !waiter.isAnswered) return this.#lend(waiter, client);
    this.#callers.putBack(waiter);
    if (isAlive) return client.release();
    // What silenced this one, a firewall or a server that is gone, has silenced those that rested longer. They are cut
    // first: the release serves whoever waits, and would make them wait for the next silent one.
    this.#sockets.cutIdle((other) => (other.idleSinceMs ?? idleSinceMs) <= idleSinceMs, 'validation');
    client.removal = 'validation';
    client.release(true);
    this.#dispatch();
  }

  #lend(waiter: Waiter, client: PoolClient & PooledClient): void {
    this.#callers.leave(waiter);
    waiter.succeed(this.#lending.lend(client, waiter.waitedMs, waiter.site));
  }

  #onFailure(waiter: Waiter, failure: Error): void {
    this.#report.connectFailed(failure, this.ending);
    const error = this.#preparation.route?.explain(failure) ?? failure;
    waiter.lastFailure = tagPhase(error, 'acquire');
    if (!this.ending && this.#openings.mayPass(error)) {
      this.#callers.putBack(waiter);
    } else {
      this.#callers.leave(waiter);
      this.#callers.refuse(waiter, this.ending ? new PoolClosedError() : error);
    }
    this.#dispatch();
  }

  async #close(limitMs: number): Promise<readonly CutConnection[]> {
    // Resolves only when every client was given back, which a caller may never do; the sockets are what counts.
    super.end(() => {});
    this.#openings.close();
    this.#lending.close();
    this.#callers.close();
    const cut = await closeSockets(this.#sockets, limitMs, (client) => this.#lending.findLease(client));
    if (cut.length > 0) this.#report.cut(cut.length);
    return cut;
  }
}
