import { performance } from 'node:perf_hooks';
import type { PoolClient } from 'pg';
import type { PooledClient } from '../connection/pooled-client';
import type { AcquireOptions } from './acquire-options';
import type { CallSite } from './call-site';
import { LeakWatch } from './leak-watch';
import { Lease } from './lease';
import type { PoolReporter } from './pool-reporter';
import type { PoolSettings } from './pool-settings';
import { readUnfitness } from './release-guard';
import { UseTime } from './use-time';

/** Who holds which connection. Lends them, watches for those that do not come back, and learns how long they are held. */
export class Lending {
  readonly #settings: Required<PoolSettings>;
  readonly #report: PoolReporter;
  readonly #leaks: LeakWatch;
  readonly #useTime = new UseTime();
  readonly #leases = new Map<PooledClient, Lease>();

  constructor(settings: Required<PoolSettings>, report: PoolReporter) {
    this.#settings = settings;
    this.#report = report;
    this.#leaks = new LeakWatch(settings.leakMs, (lease) => report.leaked(lease));
  }

  /** Connections in the hands of callers. */
  get used(): number {
    return this.#leases.size;
  }

  /** Whether callers hold as many as there may be. */
  get isComplete(): boolean {
    return this.used >= this.#settings.max;
  }

  /** Notes the stack of whoever asks for a connection, if it may be wanted. `above`: the method it called. */
  noteSite(above: (...args: never[]) => unknown, options: AcquireOptions): CallSite | undefined {
    return this.#leaks.noteSite(above, options);
  }

  /** How long a new caller has to wait behind `ahead` others, by recent experience; 0 when there is none. */
  expectWaitMs(ahead: number): number {
    return this.#useTime.expectWaitMs(ahead, this.#settings.max);
  }

  /** Returns the hold that is on a client, or undefined when nobody has it. */
  findLease(client: PooledClient): Lease | undefined {
    return this.#leases.get(client);
  }

  /**
   * Whoever gets what this returns has the client, until it is given back: into the pool, or out of it when nobody else may have it.
   * @param waitedMs How long the caller has waited for it, in milliseconds.
   * @param site Where it was asked for, if leaks are watched.
   */
  lend(client: PoolClient & PooledClient, waitedMs: number, site: CallSite | undefined): PoolClient {
    const { pool, events } = this.#report;
    const { release } = client;
    const giveBack = (error?: Error | boolean): void => {
      this.#leaks.delete(lease);
      this.#leases.delete(client);
      const useMs = performance.now() - lease.acquiredAtMs;
      this.#useTime.add(useMs);
      this.#report.released(useMs);
      const unfitness = readUnfitness(client);
      if (unfitness !== undefined || error) client.removal ??= unfitness ?? 'caller';
      if (unfitness !== undefined && !error) this.#report.closedUnfit(unfitness);
      release(error || unfitness !== undefined);
    };
    const lease = new Lease(client, { pool, events, waitMs: waitedMs, site, giveBack });
    this.#leaks.add(lease);
    this.#leases.set(client, lease);
    this.#report.acquired(waitedMs);
    return lease.face;
  }

  /** Nobody is watched any more. */
  close(): void {
    this.#leaks.close();
  }
}
