/** What a run of the proof does. */
export interface Setting {
  /** In the table when the first index is built. */
  readonly events: number;
  /** Connections that append one event after another, without a pause. */
  readonly writers: number;
  /** How long a commit waits before it is written to disk, in milliseconds: the disk of this machine may answer at once. */
  readonly commitWaitMs: number;
  /** How long they are watched before anything is migrated, in seconds. */
  readonly calmSeconds: number;
}

export const FULL_SETTING: Setting = Object.freeze({
  events: 3_000_000,
  writers: 4,
  commitWaitMs: 2,
  calmSeconds: 20,
});

export const QUICK_SETTING: Setting = Object.freeze({ ...FULL_SETTING, events: 100_000, calmSeconds: 3 });
