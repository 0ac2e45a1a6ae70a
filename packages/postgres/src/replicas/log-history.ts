import type { Lsn } from './lsn';

/** More samples than this are thinned out by dropping the oldest. */
const MAX_SAMPLES = 1_000;

/** What a standby has replayed. */
export interface Replayed {
  readonly lsn: Lsn;
  /** How long ago the last transaction in it was committed, in milliseconds; at least, when nobody wrote since. */
  readonly replayedAgoMs: number;
}

/**
 * When the primary's log was where. By it the lag of a replica is told in time: the clock of the last replayed transaction,
 * which PostgreSQL has to offer, goes on whenever nobody writes. It serves only where the samples do not reach back.
 */
export class LogHistory {
  #samples: { readonly atMs: number; readonly lsn: Lsn }[] = [];

  /** Whether the log was seen at all; without it no lag is known. */
  get isEmpty(): boolean {
    return this.#samples.length === 0;
  }

  /** What was seen was the log of another primary. */
  clear(): void {
    this.#samples = [];
  }

  /** The log was at `lsn` at this moment; moments come in order. */
  note(lsn: Lsn, atMs: number): void {
    const last = this.#samples.at(-1);
    // The log stands still: it reached this position when it was first seen there.
    if (last?.lsn === lsn) return;
    // A log never goes back: it is another primary's, which lacks the end of this one.
    if (last !== undefined && last.lsn > lsn) this.#samples = [];
    this.#samples.push({ lsn, atMs });
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
  }

  /** For how long the log has held something that a replica has not replayed: 0 when it has all that was seen. */
  lagMs({ lsn: replayed, replayedAgoMs }: Replayed, nowMs: number): number {
    const at = this.#samples.findIndex(({ lsn }) => lsn > replayed);
    const missing = this.#samples[at];
    if (missing === undefined) return 0;
    const ageMs = Math.max(0, nowMs - missing.atMs);
    return at === 0 ? Math.max(ageMs, replayedAgoMs) : ageMs;
  }

  /** Bytes between the newest position seen and what a replica has replayed. */
  lagBytes({ lsn: replayed }: Replayed): number {
    const newest = this.#samples.at(-1)?.lsn ?? replayed;
    return newest > replayed ? Number(newest - replayed) : 0;
  }
}
