import type { Lsn } from './lsn';

/** More samples than this are thinned out by dropping the oldest: a replica that is further behind lags by at least their age. */
const MAX_SAMPLES = 1_000;

/**
 * When the primary's log was where. By it the lag of a replica is told in time: the clock of the last replayed transaction,
 * which PostgreSQL has to offer, stands still whenever nobody writes.
 */
export class LogHistory {
  readonly #samples: { readonly atMs: number; readonly lsn: Lsn }[] = [];

  /** The log was at `lsn` at this moment; moments come in order. */
  note(lsn: Lsn, atMs: number): void {
    const last = this.#samples.at(-1);
    // The log stands still: it reached this position when it was first seen there.
    if (last !== undefined && last.lsn >= lsn) return;
    this.#samples.push({ lsn, atMs });
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
  }

  /** For how long the log has held something that a replica has not replayed: 0 when it has all that was seen. */
  lagMs(replayed: Lsn, nowMs: number): number {
    const missing = this.#samples.find(({ lsn }) => lsn > replayed);
    return missing === undefined ? 0 : Math.max(0, nowMs - missing.atMs);
  }

  /** Bytes between the newest position seen and what a replica has replayed. */
  lagBytes(replayed: Lsn): number {
    const newest = this.#samples.at(-1)?.lsn ?? replayed;
    return newest > replayed ? Number(newest - replayed) : 0;
  }
}
