/** The pool at one moment. */
export interface PoolSample {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly used: number;
  readonly free: number;
  readonly waiting: number;
  readonly max: number;
}

/** How often the pool is looked at, in ms. */
const POOL_SAMPLE_MS = 2_000;
/** How far back its history goes. */
export const POOL_HISTORY_MS = 600_000;
const CAPACITY = POOL_HISTORY_MS / POOL_SAMPLE_MS;

/** What is kept of the pool's past: a ring of fixed size. */
export class PoolHistory {
  readonly #read: () => Omit<PoolSample, 'atMs'>;
  readonly #now: () => number;
  readonly #ring: PoolSample[] = [];
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param read Reads the pool now; what it throws leaves a gap. */
  constructor(read: () => Omit<PoolSample, 'atMs'>, now: () => number = Date.now) {
    this.#read = read;
    this.#now = now;
  }

  /** Looks at the pool from now on, every `POOL_SAMPLE_MS`. Never what keeps the process alive. */
  start(): void {
    this.sample();
    this.#timer ??= setInterval(() => this.sample(), POOL_SAMPLE_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Looks once. */
  sample(): void {
    try {
      this.#ring[this.#next] = { atMs: this.#now(), ...this.#read() };
      this.#next = (this.#next + 1) % CAPACITY;
    } catch {
      // A pool that is closed has nothing to say.
    }
  }

  /** What is known of the last ten minutes, oldest first. */
  list(): readonly PoolSample[] {
    const oldestMs = this.#now() - POOL_HISTORY_MS;
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)].filter(
      ({ atMs }) => atMs > oldestMs,
    );
  }
}
