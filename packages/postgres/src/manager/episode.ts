/** What a reading changes. */
type EpisodeChange =
  | { readonly kind: 'began' }
  | { readonly kind: 'ended'; readonly durationMs: number; readonly peak: number };

/**
 * One stretch of time in which a condition holds, with breaks shorter than `calmMs`. It begins at the first reading at which
 * the condition is true and ends when `calmMs` have passed without one. A condition that flaps is therefore one
 * episode, however often it flaps.
 */
export class Episode {
  readonly #calmMs: number;
  #beganMs: number | undefined;
  #lastSeenMs = 0;
  #peak = 0;

  constructor(calmMs: number) {
    this.#calmMs = calmMs;
  }

  get isOpen(): boolean {
    return this.#beganMs !== undefined;
  }

  /** Takes a reading. `level`: how bad it is, of which the episode keeps the worst. */
  note(isTrue: boolean, level: number, nowMs: number): EpisodeChange | undefined {
    if (isTrue) return this.#see(level, nowMs);
    if (this.#beganMs === undefined || nowMs - this.#lastSeenMs < this.#calmMs) return undefined;
    const durationMs = this.#lastSeenMs - this.#beganMs;
    this.#beganMs = undefined;
    return { kind: 'ended', durationMs, peak: this.#peak };
  }

  #see(level: number, nowMs: number): EpisodeChange | undefined {
    this.#lastSeenMs = nowMs;
    if (this.#beganMs !== undefined) {
      this.#peak = Math.max(this.#peak, level);
      return undefined;
    }
    this.#beganMs = nowMs;
    this.#peak = level;
    return { kind: 'began' };
  }
}
