import { performance } from 'node:perf_hooks';
import type { StructuredLogger } from '@holdfast/resilience';
import { LogHistory } from './log-history';
import type { ObservedServer } from './observed-server';
import type { Replica, ReplicaState } from './replica';

export interface ReplicaWatchTerms {
  readonly primary: ObservedServer;
  readonly replicas: readonly Replica[];
  readonly checkMs: number;
  readonly maxLagMs: number;
  readonly logger: StructuredLogger | undefined;
  /** Whether the cluster is closed. */
  readonly isOver: () => boolean;
}

/** A replica that lags gets reads again when it is below this share of the limit, so that it does not come and go. */
const RECOVERED = 0.5;

/** Looks at the servers of a cluster again and again, and judges which replicas may answer. Keeps no process alive. */
export class ReplicaWatch {
  readonly #terms: ReplicaWatchTerms;
  readonly #history = new LogHistory();
  #timer: NodeJS.Timeout | undefined;

  constructor(terms: ReplicaWatchTerms) {
    this.#terms = terms;
  }

  /** Looks at all servers at once, and again after each `checkMs`. Nobody waits for it. */
  start(): void {
    void this.#look();
  }

  /** A reader has found that a replica does not answer: it gets no reads until the next look. */
  suspect(replica: Replica): void {
    this.#judge(replica, 'unreachable');
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const { primary, replicas, checkMs, isOver } = this.#terms;
    const looking = replicas.map((replica) => this.#lookAt(replica));
    const seen = await primary.look();
    if (seen?.isStandby === false) this.#history.note(seen.lsn, performance.now());
    await Promise.all(looking);
    if (!isOver()) this.#timer = setTimeout(() => void this.#look(), checkMs).unref();
  }

  async #lookAt(replica: Replica): Promise<void> {
    const seen = await replica.server.look();
    if (this.#terms.isOver()) return;
    if (seen === undefined) return this.#judge(replica, 'unreachable');
    replica.replayed = seen.lsn;
    replica.lagMs = this.#history.lagMs(seen.lsn, performance.now());
    replica.lagBytes = this.#history.lagBytes(seen.lsn);
    const limitMs = this.#terms.maxLagMs * (replica.state === 'lagging' ? RECOVERED : 1);
    const state = replica.lagMs > limitMs ? 'lagging' : 'healthy';
    this.#judge(replica, seen.isStandby ? state : 'promoted');
  }

  #judge(replica: Replica, state: ReplicaState): void {
    const { state: before, name: pool, lagMs } = replica;
    if (before === state) return;
    replica.state = state;
    const fields = { pool, from: before, to: state, lagMs: Math.round(lagMs) };
    if (state === 'healthy') this.#terms.logger?.info('A replica gets reads', fields);
    else this.#terms.logger?.warn('A replica gets no reads', fields);
  }
}
