/** What a run of the proof does. */
export interface Setting {
  /** Determines when runners are killed, as a share of an undisturbed run. */
  readonly seed: number;
  /** Rows in each table, so that a build takes long enough to be hit. */
  readonly rows: number;
  /** Runners that must have been killed while they worked. */
  readonly kills: number;
  /** Times that the server must have crashed under a runner. */
  readonly crashes: number;
  /** Times that the server must have crashed under a plain migration, as the control. */
  readonly plainCrashes: number;
  readonly rounds: number;
  /** Runners at once, in each round. */
  readonly racers: number;
}

export const FULL_SETTING: Setting = Object.freeze({
  seed: 1,
  rows: 20_000,
  kills: 200,
  crashes: 20,
  plainCrashes: 20,
  rounds: 100,
  racers: 20,
});

export const QUICK_SETTING: Setting = Object.freeze({
  ...FULL_SETTING,
  kills: 8,
  crashes: 2,
  plainCrashes: 6,
  rounds: 3,
});
