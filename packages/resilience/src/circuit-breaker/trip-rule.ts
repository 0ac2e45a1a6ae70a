/** What a breaker learns from one call. */
export interface CallOutcome {
  readonly isFailure: boolean;
  /** It took at least `slowCallMs`. */
  readonly isSlow: boolean;
}

/** Counts of recent calls, as a breaker exports them. Plain data: it survives JSON. */
export interface TallySnapshot {
  /** Which rule made it. */
  readonly rule: string;
  /** The counts, in the rule's own order. */
  readonly counts: readonly number[];
}

/** The recent calls of one breaker. */
export interface Tally {
  /** Adds a call that ended at `nowMs`, and answers whether the circuit should open. */
  record(outcome: CallOutcome, nowMs: number): boolean;
  /** Calls and failures that count at this moment. */
  read(nowMs: number): { readonly calls: number; readonly failures: number };
  exportCounts(nowMs: number): TallySnapshot;
  /** @returns false when the snapshot is none of this rule's. */
  restoreCounts(snapshot: TallySnapshot, nowMs: number): boolean;
}

/** When a circuit opens. Holds no counts itself, so that one rule can serve many breakers. */
export interface TripRule {
  createTally(): Tally;
}
