import { setTimeout as sleep } from 'node:timers/promises';
import { readBuildProgress } from '../migration/build-progress';
import type { SessionWatch } from '../migration/run-context';
import { reasonOf } from '../text/reason-of';
import { readBlockers } from './read-blockers';
import { RemainingTime } from './remaining-time';
import type { Blocker, RunEvent } from './run-event';
import type { SideConnection } from './side-connection';

const POLL_MS = 500;

/** Writers come and go in the first phases of a build; a blocker worth a word stays for this long. */
const TELL_AFTER_MS = 1_000;

/** Watches one session of the server over another connection. */
export class ServerWatch implements SessionWatch {
  readonly #connection: SideConnection;
  readonly #pid: number;
  readonly #report: (event: RunEvent) => void;
  #blockers: readonly Blocker[] = [];
  #toldHidden = false;
  #isLost = false;

  constructor(connection: SideConnection, pid: number, report: (event: RunEvent) => void) {
    this.#connection = connection;
    this.#pid = pid;
    this.#report = report;
  }

  get blockers(): readonly Blocker[] {
    return this.#blockers;
  }

  async follow<T>(name: string, work: () => Promise<T>): Promise<T> {
    const remaining = new RemainingTime(performance.now());
    const wait = new ToldWait(name, this.#report);
    let told: string | undefined;
    const look = async () => {
      const seen = await readBuildProgress(this.#connection, this.#pid);
      const by = seen?.phase === 'waiting for old snapshots' ? 'snapshot' : 'lock';
      wait.follow(await this.#readBlockers(name, by), performance.now());
      if (seen === undefined) return;
      const remainingMs = remaining.estimateMs(seen, performance.now());
      const news = `${seen.phase} ${seen.done}`;
      if (news !== told) this.#report({ type: 'progress', name, progress: { ...seen, remainingMs } });
      told = news;
    };
    const result = await this.#while(work, POLL_MS, name, look);
    wait.follow([], performance.now());
    return result;
  }

  async sampleBlockers<T>(name: string, intervalMs: number, work: () => Promise<T>): Promise<T> {
    this.#blockers = [];
    return this.#while(work, intervalMs, name, async () => {
      const seen = await this.#readBlockers(name, 'lock');
      if (seen.length > 0) this.#blockers = seen;
    });
  }

  async #readBlockers(name: string, by: Blocker['by']): Promise<readonly Blocker[]> {
    const { blockers, hidden } = await readBlockers(this.#connection, this.#pid, by);
    if (hidden && !this.#toldHidden) {
      this.#toldHidden = true;
      const message =
        'what other roles do is hidden from this one; GRANT pg_read_all_stats to it to see what is in the way';
      this.#report({ type: 'notice', name, message });
    }
    return blockers;
  }

  /** Looks again and again until the work is done, the first time after one interval. */
  async #while<T>(
    work: () => Promise<T>,
    intervalMs: number,
    name: string,
    look: () => Promise<void>,
  ): Promise<T> {
    const done = new AbortController();
    const looking = this.#lookUntil(done.signal, intervalMs, name, look);
    try {
      return await work();
    } finally {
      done.abort();
      await looking;
    }
  }

  async #lookUntil(
    done: AbortSignal,
    intervalMs: number,
    name: string,
    look: () => Promise<void>,
  ): Promise<void> {
    while (!this.#isLost) {
      await sleep(intervalMs, undefined, { signal: done }).catch(() => undefined);
      if (done.aborted) return;
      try {
        await look();
      } catch (error) {
        this.#isLost = true;
        const reason = reasonOf(error);
        const message = `the connection that watches is gone (${reason}); progress and blockers are not told`;
        this.#report({ type: 'notice', name, message });
      }
    }
  }
}

/** Tells of one wait: whom it is for, whenever that changes, and how long it was. */
class ToldWait {
  readonly #name: string;
  readonly #report: (event: RunEvent) => void;
  #sinceMs: number | undefined;
  #told: string | undefined;

  constructor(name: string, report: (event: RunEvent) => void) {
    this.#name = name;
    this.#report = report;
  }

  follow(blockers: readonly Blocker[], nowMs: number): void {
    const name = this.#name;
    if (blockers.length === 0) {
      if (this.#told !== undefined && this.#sinceMs !== undefined)
        this.#report({ type: 'unblocked', name, waitedMs: nowMs - this.#sinceMs });
      this.#sinceMs = undefined;
      this.#told = undefined;
      return;
    }
    this.#sinceMs ??= nowMs;
    const news = blockers.map(({ pid, by }) => `${pid} ${by}`).join();
    if (nowMs - this.#sinceMs < TELL_AFTER_MS || news === this.#told) return;
    this.#told = news;
    this.#report({ type: 'blocked', name, blockers });
  }
}
