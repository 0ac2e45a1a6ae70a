/** Weight of the newest use. A fifth follows a change within some ten uses and is not thrown by a single one. */
const WEIGHT = 0.2;

/** How long connections are held, as recent callers held them: an exponentially weighted mean. */
export class UseTime {
  #meanMs: number | undefined;

  add(useMs: number): void {
    this.#meanMs = this.#meanMs === undefined ? useMs : this.#meanMs + WEIGHT * (useMs - this.#meanMs);
  }

  /**
   * How long a new caller waits when `ahead` others wait and all `max` connections are in use: connections come free
   * `max / mean` times a second. 0 as long as nothing is known, so that nobody is refused on a guess.
   */
  expectWaitMs(ahead: number, max: number): number {
    return ((this.#meanMs ?? 0) * (ahead + 1)) / max;
  }
}
