/** How much is sent. */
export interface Setting {
  /** Determines every request. */
  readonly seed: number;
  readonly requests: number;
  readonly connections: number;
  /** Longest that an answer may take, in ms. */
  readonly patienceMs: number;
  /** Requests that a service that is broken on purpose is sent. */
  readonly controlRequests: number;
  /** Part of the answers that may refuse for lack of room or time; those say nothing of what was asked. */
  readonly mostCrowdedOut: number;
}

export const FULL_SETTING: Setting = Object.freeze({
  seed: 1,
  requests: 24_000,
  connections: 8,
  patienceMs: 15_000,
  controlRequests: 120,
  mostCrowdedOut: 0.02,
});

export const QUICK_SETTING: Setting = Object.freeze({
  ...FULL_SETTING,
  requests: 2_000,
  controlRequests: 60,
});
