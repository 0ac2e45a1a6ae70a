/** What every run of the proof shares. All times in milliseconds. */
export interface Setting {
  /** Determines the transfers, and where faults strike; not how the clients come in between one another. */
  readonly seed: number;
  /** Of each run. */
  readonly transfers: number;
  /** Each with a DataSource of its own, behind a proxy of its own. */
  readonly clients: number;
  readonly accounts: number;
  /** What each account holds at first: so much that only the transfers meant to be refused are. */
  readonly startBalance: number;
  /** Share of the transfers that ask for more than there is, which a CHECK refuses. */
  readonly refusedShare: number;
  /** Faults at COMMIT, of each kind: four verdicts, on the request or on its answer. */
  readonly commitFaultsOfEachKind: number;
  /** Faults at any message of anybody. */
  readonly messageCuts: number;
  readonly messageFreezes: number;
  readonly crashes: number;
  /** A frozen connection goes on after this long at most: some before their client gives them up, some after. */
  readonly longestFreezeMs: number;
  /** How long a client waits for the answer to COMMIT; for knowing what became of it; and for all of a transfer. */
  readonly commitMs: number;
  readonly resolveMs: number;
  readonly deadlineMs: number;
  /** What must have happened in every run, or it proves nothing. */
  readonly wanted: {
    readonly cuts: number;
    readonly cutsAtCommit: number;
    readonly crashes: number;
  };
}

/** Twenty thousand transfers in each run. */
export const FULL_SETTING: Setting = Object.freeze({
  seed: 1,
  transfers: 20_000,
  clients: 8,
  accounts: 100,
  startBalance: 1_000_000,
  refusedShare: 0.05,
  commitFaultsOfEachKind: 30,
  messageCuts: 460,
  messageFreezes: 60,
  crashes: 12,
  longestFreezeMs: 1_500,
  commitMs: 400,
  // A server that restarts on a busy machine is back long before.
  resolveMs: 30_000,
  deadlineMs: 60_000,
  wanted: Object.freeze({ cuts: 500, cutsAtCommit: 100, crashes: 10 }),
});

/** A thousand transfers in each run, with more faults for each of them. */
export const QUICK_SETTING: Setting = Object.freeze({
  ...FULL_SETTING,
  transfers: 1_000,
  commitFaultsOfEachKind: 4,
  messageCuts: 36,
  messageFreezes: 4,
  crashes: 2,
  wanted: Object.freeze({ cuts: 40, cutsAtCommit: 10, crashes: 2 }),
});
