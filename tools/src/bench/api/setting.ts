/** What is measured, and for how long. Times in milliseconds. */
export interface Setting {
  readonly seed: number;
  /** In the table before anything is asked for. */
  readonly events: number;
  /** Rounds of turns; a ratio is taken within each. */
  readonly rounds: number;
  /** One turn of one contender. */
  readonly turnMs: number;
  /** Of each contender, before the first round. */
  readonly warmUpMs: number;
  /** Connections of the closed loop, and of each contender's pool. */
  readonly connections: number;
  readonly poolSize: number;
  /** API keys that requests come with in turns. */
  readonly keys: number;
  /** Rounds of loads that do not wait for answers, one of each in a round. */
  readonly loadRounds: number;
  /** How long requests of such a load arrive. */
  readonly openMs: number;
  /** How long their rate rises to that, without being counted. */
  readonly rampMs: number;
  /** How long the service runs while it is profiled. */
  readonly profileMs: number;
}

export const FULL_SETTING: Setting = Object.freeze({
  seed: 1,
  events: 100_000,
  rounds: 13,
  turnMs: 3_000,
  warmUpMs: 3_000,
  connections: 32,
  poolSize: 10,
  keys: 32,
  loadRounds: 11,
  openMs: 4_000,
  rampMs: 2_000,
  profileMs: 5_000,
});

export const QUICK_SETTING: Setting = Object.freeze({
  ...FULL_SETTING,
  events: 5_000,
  rounds: 1,
  turnMs: 1_000,
  warmUpMs: 700,
  loadRounds: 1,
  openMs: 1_500,
  rampMs: 500,
  profileMs: 1_000,
});
