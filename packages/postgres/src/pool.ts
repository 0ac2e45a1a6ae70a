import type { StructuredLogger } from '@holdfast/resilience';
import { classify, tagPhase } from '@holdfast/resilience/postgres';
import pg, { type PoolClient, type PoolConfig } from 'pg';
import { hideConnectionString } from './hide-connection-string';
import { createLease } from './lease';
import { OpenSockets } from './open-sockets';
import { ConnectTimeoutError, PoolClosedError, PoolExhaustedError } from './pool-error';
import { type PoolSettings, requirePoolSettings } from './pool-settings';
import type { PoolStats } from './pool-stats';
import type { PooledClient } from './pooled-client';
import { prepareConnection } from './prepare-connection';
import { guardRelease } from './release-guard';
import { type ConnectCallback, Waiter } from './waiter';

/** What a pool needs beside node-postgres' own configuration. */
export interface HoldfastPoolOptions {
  readonly settings: PoolSettings;
  /** In milliseconds, per session. Left to the server when not given. */
  readonly statementTimeoutMs?: number;
  readonly logger?: StructuredLogger;
}

/** pg-pool's way of opening a connection even when another is idle; present in every release, missing in its types. */
interface Opener {
  newClient(pending: { readonly callback: ConnectCallback }): void;
}

/**
 * A node-postgres pool that keeps its minimum, tells waiting from opening, repeats an opening that may pass, and closes
 * in bounded time.
 *
 * It keeps callers in a queue of its own, first come first served, and hands one on to pg-pool only when pg-pool can
 * serve it at once. pg-pool's single timeout therefore bounds openings alone.
 */
export class HoldfastPool extends pg.Pool {
  readonly settings: PoolSettings;
  readonly #logger: StructuredLogger | undefined;
  readonly #sockets: OpenSockets;
  readonly #waiters: Waiter[] = [];
  /** Handed on to pg-pool, which never answers those in its own queue once it ends. */
  readonly #served = new Set<Waiter>();
  #unanswered = 0;
  #used = 0;
  #hasConnected = false;
  #isRefilling = false;
  #openingPause: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(config: PoolConfig, options: HoldfastPoolOptions) {
    const settings = requirePoolSettings(options.settings);
    const { createMs } = settings;
    const { statementTimeoutMs } = options;
    const sockets = new OpenSockets();
    super({
      ...config,
      min: settings.min,
      max: settings.max,
      idleTimeoutMillis: settings.idleMs,
      connectionTimeoutMillis: createMs,
      Client: sockets.createClientClass(),
      onConnect: (client) => prepareConnection(client as PooledClient, { createMs, statementTimeoutMs }),
    });
    hideConnectionString(this.options);
    this.settings = settings;
    this.#logger = options.logger;
    this.#sockets = sockets;
    this.#listen();
  }

  /** Counts at this moment. */
  get stats(): PoolStats {
    const { min, max } = this.settings;
    return {
      used: this.#used,
      free: this.idleCount,
      total: this.totalCount,
      waiting: this.#unanswered,
      min,
      max,
      utilization: this.#used / max,
    };
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<PoolClient> | undefined {
    if (!callback) return this.acquire();
    this.#enqueue(callback, this.settings.acquireMs);
    return undefined;
  }

  /**
   * Resolves with a connection that must be given back with `release()`.
   * @throws PoolExhaustedError, ConnectTimeoutError, PoolClosedError, or why no connection could be opened.
   */
  acquire(options: { readonly acquireMs?: number } = {}): Promise<PoolClient> {
    return new Promise((resolve, reject) => {
      const callback: ConnectCallback = (error, client) => (client ? resolve(client) : reject(error));
      this.#enqueue(callback, options.acquireMs ?? this.settings.acquireMs);
    });
  }

  /**
   * Every socket is closed: callers that wait are refused, idle connections say goodbye, and those in use are waited for;
   * after `destroyMs` whatever is left is cut. Calling it again waits for the same end.
   */
  override end(): Promise<void>;
  override end(callback: (error?: Error) => void): void;
  override end(callback?: (error?: Error) => void): Promise<void> | undefined {
    this.#closing ??= this.#close();
    if (!callback) return this.#closing;
    this.#closing.then(() => callback(), callback);
    return undefined;
  }

  #listen(): void {
    this.on('acquire', () => {
      this.#used += 1;
    });
    this.on('release', () => {
      this.#used -= 1;
      // pg-pool announces a release before the client is idle again.
      process.nextTick(() => this.#dispatch());
    });
    this.on('connect', () => {
      this.#hasConnected = true;
      process.nextTick(() => this.#refill());
    });
    this.on('remove', () => {
      this.#dispatch();
      this.#refill();
    });
  }

  #enqueue(callback: ConnectCallback, acquireMs: number): void {
    this.#unanswered += 1;
    const answer: ConnectCallback = (...result) => {
      this.#unanswered -= 1;
      callback(...result);
    };
    const waiter = new Waiter(answer, acquireMs, () => this.#onAcquireDeadline(waiter, acquireMs));
    if (this.ending) {
      waiter.fail(tagPhase(new PoolClosedError(), 'acquire'));
      return;
    }
    this.#waiters.push(waiter);
    this.#dispatch();
  }

  /** Serves callers in order while pg-pool can hand out a connection or open one. */
  #dispatch(): void {
    while (!this.ending && this.#canServe()) {
      const waiter = this.#waiters.shift();
      if (!waiter) return;
      this.#serve(waiter);
    }
  }

  #canServe(): boolean {
    // pg-pool hands out an idle client one tick later; until then the caller sits in its queue.
    const claimed = this.waitingCount;
    if (this.idleCount > claimed) return true;
    return this.#openingPause === undefined && this.totalCount - this.idleCount + claimed < this.settings.max;
  }

  #serve(waiter: Waiter): void {
    this.#served.add(waiter);
    const callback: ConnectCallback = (error, client) => {
      this.#served.delete(waiter);
      if (client) this.#onClient(waiter, client);
      else this.#onFailure(waiter, error ?? new PoolClosedError());
    };
    try {
      super.connect(callback);
    } catch (error) {
      this.#served.delete(waiter);
      waiter.fail(tagPhase(error as Error, 'acquire'));
    }
  }

  #onClient(waiter: Waiter, client: PoolClient): void {
    if (waiter.isAnswered) {
      client.release();
      return;
    }
    guardRelease(client as PoolClient & PooledClient, this.#logger);
    waiter.succeed(createLease(client));
  }

  #onFailure(waiter: Waiter, error: Error): void {
    tagPhase(error, 'acquire');
    const { verdict, kind } = classify(error, 'acquire');
    // Before the first connection, a refusal is more likely a wrong address than a passing failure, and whoever waits
    // for a server to come up is openDataSource: the typeorm command must not hang for a minute on a mistyped port.
    const mayPass = this.#hasConnected && verdict === 'retry' && kind !== 'overload';
    if (mayPass && !this.ending) this.#pauseOpening();
    if (!waiter.isAnswered) {
      waiter.lastFailure = error;
      if (mayPass && !this.ending) this.#waiters.unshift(waiter);
      else waiter.fail(this.ending ? tagPhase(new PoolClosedError(), 'acquire') : error);
    }
    this.#dispatch();
  }

  /** One pause for all: a server that refuses is asked by at most `max` openings per pause, however many wait. */
  #pauseOpening(): void {
    this.#openingPause ??= setTimeout(() => {
      this.#openingPause = undefined;
      this.#dispatch();
    }, this.settings.createRetryMs);
  }

  #onAcquireDeadline(waiter: Waiter, acquireMs: number): void {
    const index = this.#waiters.indexOf(waiter);
    if (index !== -1) this.#waiters.splice(index, 1);
    waiter.fail(tagPhase(this.#describeDeadline(waiter, acquireMs), 'acquire'));
  }

  #describeDeadline(waiter: Waiter, acquireMs: number): Error {
    const { max } = this.settings;
    const used = this.#used;
    if (used < max) {
      if (waiter.lastFailure) return waiter.lastFailure;
      if (this.#served.has(waiter)) return new ConnectTimeoutError(acquireMs);
    }
    const facts = { waitedMs: waiter.waitedMs, waiting: this.#unanswered - 1, used, max };
    return new PoolExhaustedError(facts, waiter.lastFailure);
  }

  /** Opens one missing connection after the other; a failure waits for the next sign of life. */
  #refill(): void {
    const isComplete = this.totalCount >= this.settings.min;
    if (!this.#hasConnected || this.#isRefilling || this.ending || isComplete) return;
    this.#isRefilling = true;
    (this as unknown as Opener).newClient({
      callback: (error, client) => {
        this.#isRefilling = false;
        client?.release();
        if (error) this.#dispatch();
        else this.#refill();
      },
    });
  }

  async #close(): Promise<void> {
    // Resolves only when every client was given back, which a caller may never do; the sockets are what counts.
    super.end(() => {});
    clearTimeout(this.#openingPause);
    for (const waiter of [...this.#served, ...this.#waiters.splice(0)]) {
      waiter.fail(tagPhase(new PoolClosedError(), 'acquire'));
    }
    const cut = await this.#sockets.closeWithin(this.settings.destroyMs);
    if (cut > 0) this.#logger?.warn('Connections were cut because the pool closed', { cut });
  }
}
