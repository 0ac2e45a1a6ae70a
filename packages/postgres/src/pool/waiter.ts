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
  readonly signal: AbortSignal | undefined;
  readonly site: CallSite | undefined;
  readonly onDeadline: () => void;
  readonly onAbort: (reason: unknown) => void;
}

/** A caller without a connection yet. It is answered exactly once, and its timer and listener go with the answer. */
export class Waiter {
  readonly #callback: ConnectCallback;
  readonly #onDeadline: () => void;
  #timer: NodeJS.Timeout | undefined;
  readonly #startedMs = performance.now();
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: (() => void) | undefined;
  readonly limitMs: number;
  readonly site: CallSite | undefined;
  #answered = false;
  /** Why the last opening on its behalf failed. */
  lastFailure: Error | undefined;

  constructor(callback: ConnectCallback, { limitMs, signal, site, onDeadline, onAbort }: WaitTerms) {
    this.#callback = callback;
    this.limitMs = limitMs;
    this.site = site;
    this.#onDeadline = onDeadline;
    if (signal === undefined) return;
    this.#signal = signal;
    this.#onAbort = () => onAbort(signal.reason);
    listenForAbort(signal, this.#onAbort);
  }

  /** Its time begins to count: most callers are served at once, and need no timer. */
  arm(): void {
    if (!this.#answered) this.#timer ??= setTimeout(this.#onDeadline, this.limitMs);
  }

  get isAnswered(): boolean {
    return this.#answered;
  }

  get waitedMs(): number {
    return performance.now() - this.#startedMs;
  }

  /** Time left until its deadline, in milliseconds; never negative. */
  get remainingMs(): number {
    return Math.max(0, this.limitMs - this.waitedMs);
  }

  succeed(client: PoolClient): void {
    this.#answer(undefined, client, client.release);
  }

  fail(error: Error): void {
    this.#answer(error, undefined, () => {});
  }

  #answer(...answer: Parameters<ConnectCallback>): void {
    if (this.#answered) return;
    this.#answered = true;
    clearTimeout(this.#timer);
    if (this.#onAbort) this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#callback(...answer);
  }
}
