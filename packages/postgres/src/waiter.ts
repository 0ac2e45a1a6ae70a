import { performance } from 'node:perf_hooks';
import type { PoolClient } from 'pg';

/** The shape of node-postgres' callback: an error, or a client and the function that gives it back. */
export type ConnectCallback = (
  error: Error | undefined,
  client: PoolClient | undefined,
  release: (error?: Error | boolean) => void,
) => void;

/** A caller without a connection yet. It is answered exactly once, and its timer goes with the answer. */
export class Waiter {
  readonly #callback: ConnectCallback;
  readonly #timer: NodeJS.Timeout;
  readonly #startedMs = performance.now();
  #answered = false;
  /** Why the last opening on its behalf failed. */
  lastFailure: Error | undefined;

  constructor(callback: ConnectCallback, limitMs: number, onDeadline: (waiter: Waiter) => void) {
    this.#callback = callback;
    this.#timer = setTimeout(() => onDeadline(this), limitMs);
  }

  get isAnswered(): boolean {
    return this.#answered;
  }

  get waitedMs(): number {
    return performance.now() - this.#startedMs;
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
    this.#callback(...answer);
  }
}
