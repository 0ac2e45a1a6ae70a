import { performance } from 'node:perf_hooks';
import { MAX_TIMER_MS } from '@holdfast/resilience';
import { tagPhase } from '@holdfast/resilience/postgres';
import type { AcquireOptions } from './acquire-options';
import type { CallSite } from './call-site';
import { EarliestDeadline } from './earliest-deadline';
import type { Lending } from './lending';
import { ConnectTimeoutError, PoolClosedError, PoolExhaustedError } from './pool-error';
import type { PoolReporter } from './pool-reporter';
import type { PoolSettings } from './pool-settings';
import { type ConnectCallback, Waiter, type WaitKeeper } from './waiter';

/**
 * The callers that have no connection yet: those in line, first come first served, and those whose connection is being
 * fetched. Each leaves with a connection, or is refused: at its deadline, by its signal, when the pool closes, or at once
 * when its wait is expected to be too long.
 */
export class CallerQueue {
  readonly #settings: Required<PoolSettings>;
  readonly #report: PoolReporter;
  readonly #lending: Lending;
  readonly #line: Waiter[] = [];
  /** Handed on to pg-pool, which never answers those in its own queue once it ends. Some are answered already. */
  readonly #served = new Set<Waiter>();
  readonly #deadline = new EarliestDeadline(() => this.#refuseOverdue());
  readonly #keeper: WaitKeeper = {
    onAnswer: () => {
      this.#unanswered -= 1;
      if (this.#unanswered === 0) this.#deadline.clear();
    },
    onAbort: (waiter, reason) => this.#end(waiter, reason as Error),
  };
  #unanswered = 0;
  #isClosed = false;

  constructor(settings: Required<PoolSettings>, report: PoolReporter, lending: Lending) {
    this.#settings = settings;
    this.#report = report;
    this.#lending = lending;
  }

  /** Callers that have neither a connection nor a refusal. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Whether nobody is in line. */
  get isEmpty(): boolean {
    return this.#line.length === 0;
  }

  /** The caller is in line, or refused already. */
  enter(callback: ConnectCallback, options: AcquireOptions, site: CallSite | undefined): Waiter {
    this.#unanswered += 1;
    const { acquireMs = this.#settings.acquireMs, remainingMs = acquireMs, signal } = options;
    const { sinceMs: startedMs = performance.now() } = options;
    const limitMs = Math.max(0, Math.min(acquireMs, remainingMs, MAX_TIMER_MS));
    const waiter = new Waiter(callback, { limitMs, startedMs, signal, site }, this.#keeper);
    if (this.#isClosed) this.refuse(waiter, new PoolClosedError());
    else if (signal?.aborted) this.#end(waiter, signal.reason as Error);
    else if (options.remainingMs !== undefined && this.#isHopeless(waiter)) {
      this.refuse(waiter, this.#describeExhaustion(waiter, this.#expectWaitMs()));
    } else this.#getInLine(waiter);
    return waiter;
  }

  /** Behind all who came before, which almost always are all. */
  #getInLine(waiter: Waiter): void {
    let at = this.#line.length;
    while (at > 0 && (this.#line[at - 1] as Waiter).startedMs > waiter.startedMs) at -= 1;
    this.#line.splice(at, 0, waiter);
  }

  /** The time of the caller begins to count: most are served at once, and need no timer. */
  watch(waiter: Waiter): void {
    if (!waiter.isAnswered) this.#deadline.note(waiter.deadlineMs);
  }

  /** Takes the first out of the line: its connection is being fetched. Call it only when somebody is in line. */
  takeFirst(): Waiter {
    const waiter = this.#line.shift() as Waiter;
    this.#served.add(waiter);
    return waiter;
  }

  /** Nothing is being fetched for the caller any more. */
  leave(waiter: Waiter): void {
    this.#served.delete(waiter);
  }

  /** The fetching has failed, and the caller is the first in line again. One that is answered is not. */
  putBack(waiter: Waiter): void {
    this.#served.delete(waiter);
    if (!waiter.isAnswered) this.#line.unshift(waiter);
  }

  /** The caller is told that it gets no connection, and that nothing was sent. Does nothing when it is answered. */
  refuse(waiter: Waiter, error: Error): void {
    this.#end(waiter, tagPhase(error, 'acquire'));
  }

  /** Everybody is refused, now and from now on. */
  close(): void {
    this.#isClosed = true;
    for (const waiter of [...this.#served, ...this.#line]) this.refuse(waiter, new PoolClosedError());
  }

  #refuseOverdue(): void {
    const nowMs = performance.now();
    const unanswered = [...this.#served, ...this.#line].filter(({ isAnswered }) => !isAnswered);
    try {
      for (const waiter of unanswered) {
        // What is no number is over at once, as with a timer of its own.
        if (waiter.deadlineMs > nowMs) continue;
        this.refuse(waiter, this.#describeDeadline(waiter));
      }
    } finally {
      // Also when a callback has thrown: the others are refused at their time all the same.
      this.#deadline.note(findEarliest(unanswered));
    }
  }

  /** The reason of a signal goes through unmarked: others fail with the same object, perhaps while they commit. */
  #end(waiter: Waiter, error: Error): void {
    const index = this.#line.indexOf(waiter);
    if (index !== -1) this.#line.splice(index, 1);
    if (waiter.isAnswered) return;
    this.#report.acquireFailed(waiter.waitedMs, error);
    waiter.fail(error);
  }

  #isHopeless(waiter: Waiter): boolean {
    return this.#lending.isComplete && this.#expectWaitMs() > waiter.limitMs;
  }

  #expectWaitMs(): number {
    return this.#lending.expectWaitMs(this.#line.length);
  }

  #describeDeadline(waiter: Waiter): Error {
    if (!this.#lending.isComplete) {
      if (waiter.lastFailure) return waiter.lastFailure;
      if (this.#served.has(waiter)) return new ConnectTimeoutError(waiter.limitMs);
    }
    return this.#describeExhaustion(waiter);
  }

  #describeExhaustion({ waitedMs, lastFailure }: Waiter, expectedWaitMs?: number): Error {
    const { max } = this.#settings;
    const facts = { waitedMs, waiting: this.#unanswered - 1, used: this.#lending.used, max, expectedWaitMs };
    return new PoolExhaustedError(facts, lastFailure);
  }
}

/** Monotonic, in milliseconds; infinite when all are answered. */
function findEarliest(waiters: readonly Waiter[]): number {
  let earliestMs = Number.POSITIVE_INFINITY;
  for (const { isAnswered, deadlineMs } of waiters) {
    if (!isAnswered && deadlineMs < earliestMs) earliestMs = deadlineMs;
  }
  return earliestMs;
}
