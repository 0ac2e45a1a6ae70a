import { performance } from 'node:perf_hooks';
import type { StructuredLogger } from '@holdfast/resilience';
import { LogHistory } from './log-history';
import type { Observation } from './observed-server';
import type { PrimaryRoute } from './primary-route';
import type { Replica, ReplicaState } from './replica';

export interface ReplicaWatchTerms {
  readonly members: readonly Replica[];
  readonly route: PrimaryRoute;
  readonly checkMs: number;
  readonly maxLagMs: number;
  readonly logger: StructuredLogger | undefined;
  /** Whether the cluster is closed. */
  readonly isOver: () => boolean;
}

/** A member that is there answers its first look within this time, in milliseconds. */
const PROMPT_MS = 250;

/** A replica that lags gets reads again when it is below this share of the limit, so that it does not come and go. */
const RECOVERED = 0.5;

/** States of a standby that answers, or might. */
const EXPECTED: ReadonlySet<ReplicaState> = new Set(['healthy', 'lagging']);

/**
 * Looks at each member of a cluster again and again: judges which standbys may answer reads, and tells the route of
 * primaries. A member that is silent keeps nobody from looking at the others. Keeps no process alive.
 */
export class ReplicaWatch {
  readonly #terms: ReplicaWatchTerms;
  readonly #history = new LogHistory();
  readonly #timers = new Map<Replica, NodeJS.Timeout>();

  constructor(terms: ReplicaWatchTerms) {
    this.#terms = terms;
  }

  /**
   * Looks at all members at once, and at each again `checkMs` after it has answered. Resolves when all have answered, or
   * after a moment: nobody waits for one that is silent.
   */
  async start(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const moment = new Promise((resolve) => {
      timer = setTimeout(resolve, PROMPT_MS);
    });
    await Promise.race([moment, Promise.all(this.#terms.members.map((member) => this.#watch(member)))]);
    clearTimeout(timer);
  }

  /**
   * Another member is the primary now: nothing that was seen before tells how a standby stands to it, and none gets reads
   * before that is known.
   */
  restart(): void {
    this.#history.clear();
    for (const member of this.#terms.members) {
      member.follower = undefined;
      if (EXPECTED.has(member.state)) this.#judge(member, 'unknown');
      if (member.seen?.isStandby) void this.#lookAt(member);
    }
  }

  /** A reader has found that a replica does not answer: it gets no reads until the next look. */
  suspect(replica: Replica): void {
    replica.forget();
    this.#judge(replica, 'unreachable');
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  async #watch(member: Replica): Promise<void> {
    await this.#lookAt(member);
    if (this.#terms.isOver()) return;
    this.#timers.set(member, setTimeout(() => void this.#watch(member), this.#terms.checkMs).unref());
  }

  async #lookAt(member: Replica): Promise<void> {
    const seen = await member.look();
    if (this.#terms.isOver()) return;
    if (seen === undefined) this.#judge(member, 'unreachable');
    else if (seen.isStandby) this.#judgeStandby(member, seen);
    else this.#judgePrimary(member, seen);
  }

  #judgePrimary(member: Replica, seen: Observation): void {
    this.#judge(member, 'promoted');
    if (!this.#terms.route.judge(member.url, seen.timeline)) return;
    this.#history.note(seen.lsn, seen.atMs);
    for (const other of this.#terms.members) {
      if (!other.seen?.isStandby || other.follower === other.seen.instance) continue;
      this.#compare(other, other.seen, seen);
      this.#judgeStandby(other, other.seen);
    }
  }

  /** A standby that has replayed more than its primary has written, when that is asked later, follows another log. */
  #compare(replica: Replica, standby: Observation, primary: Observation): void {
    if (primary.atMs < standby.answeredAtMs) return;
    if (standby.lsn > primary.lsn) replica.divergent = standby.instance;
    else replica.follower = standby.instance;
  }

  #judgeStandby(replica: Replica, seen: Observation): void {
    if (replica.divergent === seen.instance) this.#judge(replica, 'diverged');
    else if (replica.follower !== seen.instance) this.#askPrimary();
    else this.#judgeFollower(replica, seen);
  }

  #judgeFollower(replica: Replica, seen: Observation): void {
    replica.lagMs = this.#history.lagMs(seen, performance.now());
    replica.lagBytes = this.#history.lagBytes(seen);
    const limitMs = this.#terms.maxLagMs * (replica.state === 'lagging' ? RECOVERED : 1);
    this.#judge(replica, replica.lagMs > limitMs ? 'lagging' : 'healthy');
  }

  #askPrimary(): void {
    const url = this.#terms.route.nextUrl();
    const primary = this.#terms.members.find((member) => member.url === url);
    if (primary?.seen?.isStandby === false) void this.#lookAt(primary);
  }

  #judge(replica: Replica, state: ReplicaState): void {
    const { state: before, name: pool, lagMs } = replica;
    if (before === state) return;
    replica.state = state;
    // What rests there is as silent as the server, or would be when it is back.
    if (state === 'unreachable' || state === 'promoted') replica.pool.cutIdleTo(replica.url, 'lost');
    // Of the primary nobody expects that it answers as a replica.
    if (!EXPECTED.has(before) && !EXPECTED.has(state)) return;
    const fields = { pool, from: before, to: state, lagMs: Math.round(lagMs) };
    if (state === 'healthy') this.#terms.logger?.info('A replica gets reads', fields);
    else this.#terms.logger?.warn('A replica gets no reads', fields);
  }
}
