/** What is measured, and for how long. Times in milliseconds. */
export interface Setting {
  readonly seed: number;
  /** Turns of every layer at every operation; a ratio is taken within each. */
  readonly rounds: number;
  /** About how long a turn of node-postgres takes; all layers make as many calls in it. */
  readonly turnMs: number;
  /** How long each layer makes each call before the first round. */
  readonly warmUpMs: number;
  /** No round is begun later. */
  readonly mostMs: number;
  /** Whoever takes longer than that for a turn takes part in so many rounds. */
  readonly slowTurnMs: number;
  readonly slowRounds: number;
  readonly callers: readonly number[];
  readonly poolSize: number;
}

export const FULL_SETTING: Setting = Object.freeze({
  seed: 1,
  rounds: 30,
  turnMs: 40,
  warmUpMs: 1_500,
  mostMs: 22 * 60_000,
  slowTurnMs: 400,
  slowRounds: 6,
  callers: [1, 32],
  poolSize: 10,
});

export const QUICK_SETTING: Setting = Object.freeze({
  ...FULL_SETTING,
  rounds: 2,
  turnMs: 5,
  warmUpMs: 10,
});
