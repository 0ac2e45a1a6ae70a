/** What the scenes of the proof share. Times in milliseconds. */
export interface Setting {
  /** Determines what clients try; not how they come in between one another. */
  readonly seed: number;
  readonly clients: number;
  readonly hotStreams: number;
  /** How long clients append to the streams: longer where they have not come to what is wanted. */
  readonly streamsMs: number;
  /** How long clients move money between accounts, in each way. */
  readonly accountsMs: number;
  readonly accounts: number;
  /** Names that all clients claim at once, one after the other, in each way. */
  readonly usernames: number;
  readonly workers: number;
  /** What must have happened, or it proves nothing. */
  readonly wanted: { readonly appends: number; readonly conflicts: number };
}

export const FULL_SETTING: Setting = Object.freeze({
  seed: 1,
  clients: 64,
  hotStreams: 20,
  streamsMs: 60_000,
  accountsMs: 15_000,
  accounts: 60,
  usernames: 200,
  workers: 3,
  wanted: Object.freeze({ appends: 5_000, conflicts: 1_000 }),
});

export const QUICK_SETTING: Setting = Object.freeze({
  ...FULL_SETTING,
  streamsMs: 4_000,
  accountsMs: 2_000,
  usernames: 20,
  wanted: Object.freeze({ appends: 200, conflicts: 50 }),
});
