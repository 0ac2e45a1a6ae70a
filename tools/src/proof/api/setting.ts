/** What a run of the proof does. Times in milliseconds. */
export interface Setting {
  /** Determines what clients ask for; not how they come in between one another. */
  readonly seed: number;
  /** How long there is load. */
  readonly loadMs: number;
  readonly restarts: number;
  /** How long the server is left down. */
  readonly downMs: number;
  /** Clients that give keys, and send a request again until it is answered. */
  readonly clients: number;
  /** Clients that send again without a key: the control. */
  readonly naiveClients: number;
  /** Of which all clients write to the same few. */
  readonly hotStreams: number;
  readonly hotOrganizations: number;
  /** How long a commit waits for its disk: as over a network, so that a fault finds some at it. */
  readonly commitWaitMs: number;
  /** Commits right before each restart whose answers nobody hears. */
  readonly lostAnswers: number;
  /** How long clients have, after the load, to hear what became of what they asked for. */
  readonly settleMs: number;
  /** What must have happened, or it proves nothing. */
  readonly wanted: { readonly writes: number };
  /** Longest until the service is back, once its server takes connections, in seconds. */
  readonly backWithinSeconds: number;
}

export const FULL_SETTING: Setting = Object.freeze({
  seed: 1,
  loadMs: 60_000,
  restarts: 5,
  downMs: 1_000,
  clients: 24,
  naiveClients: 16,
  hotStreams: 12,
  hotOrganizations: 6,
  commitWaitMs: 10,
  lostAnswers: 20,
  settleMs: 30_000,
  wanted: Object.freeze({ writes: 500 }),
  backWithinSeconds: 2,
});

export const QUICK_SETTING: Setting = Object.freeze({
  ...FULL_SETTING,
  loadMs: 15_000,
  restarts: 2,
  wanted: Object.freeze({ writes: 50 }),
});
