import { performance } from 'node:perf_hooks';
import type { PoolClient } from 'pg';
import type { CallSite } from './call-site';
import { listenForAbort } from './listen-for-abort';

/** The shape of node-postgres' callback: an error, or a client and the function that gives it back. */
export type ConnectCallback = (
  error: Error | undefined,
  client: PoolClient | undefined,
  release: (error?: Error | boolean) => void,
) => void;

/** What bounds a wait. */
export interface WaitTerms {
  readonly limitMs: number;
  /** On the clock of `performance`, in milliseconds. */
  readonly startedMs: number;
  readonly signal: AbortSignal | undefined;
  readonly site: CallSite | undefined;
}

/** Who keeps the callers. */
export interface WaitKeeper {
  /** It is about to be answered. */
  onAnswer(): void;
  onAbort(waiter: Waiter, reason: unknown): void;
}

/** A caller without a connection yet. It is answered exactly once, and its listener goes with the answer. */
export class Waiter {
  readonly #callback: ConnectCallback;
  readonly #keeper: WaitKeeper;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: (() => void) | undefined;
  readonly limitMs: number;
  readonly startedMs: number;
  readonly site: CallSite | undefined;
  #answered = false;
  /** Why the last opening on its behalf failed. */
  lastFailure: Error | undefined;

  constructor(callback: ConnectCallback, terms: WaitTerms, keeper: WaitKeeper) {
    const { limitMs, startedMs, signal, site } = terms;
    this.#callback = callback;
    this.#keeper = keeper;
    this.limitMs = limitMs;
    this.startedMs = startedMs;
    this.site = site;
    if (signal === undefined) return;
    this.#signal = signal;
    this.#onAbort = () => keeper.onAbort(this, signal.reason);
    listenForAbort(signal, this.#onAbort);
  }

  get isAnswered(): boolean {
    return this.#answered;
  }

  get waitedMs(): number {
    return performance.now() - this.startedMs;
  }

  /** Monotonic, in milliseconds. */
  get deadlineMs(): number {
    return this.startedMs + this.limitMs;
  }

  /** Time left until its deadline, in milliseconds; never negative. */
  get remainingMs(): number {
    return Math.max(0, this.limitMs - this.waitedMs);
  }

  /** Does nothing when it is answered, as `fail`. */
  succeed(client: PoolClient): void {
    this.#answer(undefined, client, client.release);
  }

  fail(error: Error): void {
    this.#answer(error, undefined, () => {});
  }

  #answer(...[error, client, release]: Parameters<ConnectCallback>): void {
    if (this.#answered) return;
    this.#answered = true;
    if (this.#onAbort) this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#keeper.onAnswer();
    this.#callback(error, client, release);
  }
}
