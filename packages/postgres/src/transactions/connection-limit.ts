import { performance } from 'node:perf_hooks';
import type { PooledClient } from '../connection/pooled-client';
import { listenForAbort } from '../pool/listen-for-abort';

/** A connection is cut when its time is over, or by the end of a signal, whichever comes first; unless this is closed before. */
export class ConnectionLimit {
  readonly #client: PooledClient;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: (() => void) | undefined;
  /** Monotonic, in milliseconds. */
  readonly dueMs: number;

  /** @param limitMs from now, in milliseconds. */
  constructor(client: PooledClient, limitMs: number, signal?: AbortSignal) {
    this.#client = client;
    this.dueMs = performance.now() + limitMs;
    WATCH.add(this);
    if (signal === undefined) return;
    this.#signal = signal;
    this.#onAbort = () => client.cut();
    listenForAbort(signal, this.#onAbort);
  }

  cut(): void {
    this.#client.cut();
  }

  close(): void {
    WATCH.delete(this);
    if (this.#onAbort) this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}

/**
 * One timer for all limits: nearly all of them are closed long before they are due, and a timer for each would cost a transaction more
 * than all that is asked of it. It stays set when they are closed, and keeps no process alive.
 */
class LimitWatch {
  readonly #open = new Set<ConnectionLimit>();
  #timer: NodeJS.Timeout | undefined;
  #wakesAtMs = Number.POSITIVE_INFINITY;

  add(limit: ConnectionLimit): void {
    this.#open.add(limit);
    if (limit.dueMs < this.#wakesAtMs) this.#wakeAt(limit.dueMs);
  }

  delete(limit: ConnectionLimit): void {
    this.#open.delete(limit);
  }

  #wakeAt(timeMs: number): void {
    clearTimeout(this.#timer);
    this.#wakesAtMs = timeMs;
    // One millisecond late rather than early, which would be once more.
    this.#timer = setTimeout(() => this.#look(), Math.ceil(timeMs - performance.now())).unref();
  }

  #look(): void {
    const nowMs = performance.now();
    let nextMs = Number.POSITIVE_INFINITY;
    this.#wakesAtMs = nextMs;
    for (const limit of this.#open) {
      if (limit.dueMs > nowMs) nextMs = Math.min(nextMs, limit.dueMs);
      else {
        this.#open.delete(limit);
        limit.cut();
      }
    }
    if (nextMs < this.#wakesAtMs) this.#wakeAt(nextMs);
  }
}

const WATCH = new LimitWatch();
