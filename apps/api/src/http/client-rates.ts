import type { ClientRateSettings } from '../settings';

/** What became of one request, and what its client has left. */
export interface RateVerdict {
  readonly isRefused: boolean;
  /** Requests that the client may send at once now. */
  readonly left: number;
  /** Until it may send as many as after a rest, in ms. */
  readonly fullAfterMs: number;
  /** Until it may send the next one, in ms; 0 if it may now. */
  readonly nextAfterMs: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/**
 * A token bucket for each client. Memory is bounded: where more clients ask than are known at a time, the one that has been silent
 * longest is forgotten, and begins anew with a full bucket. So an error leans towards letting a client in.
 */
export class ClientRates {
  readonly #settings: ClientRateSettings;
  readonly #nowMs: () => number;
  /** The one that has been silent longest comes first. */
  readonly #buckets = new Map<string, Bucket>();
  #refused = 0;

  /** @param nowMs A clock that never goes back. */
  constructor(settings: ClientRateSettings, nowMs: () => number = () => performance.now()) {
    this.#settings = settings;
    this.#nowMs = nowMs;
  }

  get settings(): ClientRateSettings {
    return this.#settings;
  }

  /** Requests that were refused since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** Clients that are known now. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Counts a request of a client. One that is refused takes nothing: who comes back in time is let in. */
  take(client: string): RateVerdict {
    const { perSecond, burst } = this.#settings;
    const bucket = this.#fill(client);
    const isRefused = bucket.tokens < 1;
    if (isRefused) this.#refused += 1;
    else bucket.tokens -= 1;
    const msFor = (tokens: number) => (Math.max(0, tokens) / perSecond) * 1_000;
    return {
      isRefused,
      left: Math.floor(bucket.tokens),
      fullAfterMs: msFor(burst - bucket.tokens),
      nextAfterMs: msFor(1 - bucket.tokens),
    };
  }

  #fill(client: string): Bucket {
    const { perSecond, burst, most } = this.#settings;
    const nowMs = this.#nowMs();
    const known = this.#buckets.get(client);
    const gained = known === undefined ? burst : ((nowMs - known.atMs) / 1_000) * perSecond;
    const bucket = { tokens: Math.min(burst, (known?.tokens ?? 0) + gained), atMs: nowMs };
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    if (this.#buckets.size > most) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return bucket;
  }
}
