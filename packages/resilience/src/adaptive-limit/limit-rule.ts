/** What one operation that succeeded, or failed of overload, tells about how much load the dependency bears. */
export interface LoadSample {
  /** How long the operation took, in milliseconds. */
  readonly latencyMs: number;
  /** Operations that ran when it ended, itself included. */
  readonly active: number;
  /** It ended in a way that means overload, such as a timeout. */
  readonly isOverload: boolean;
}

/** Follows the samples of one dependency. */
export interface LimitTracker {
  /** The limit after this sample; may be a fraction, and is kept within the policy's bounds. */
  record(sample: LoadSample, limit: number): number;
}

/** How a limit follows what is measured. Holds no measurements itself. */
export interface LimitRule {
  createTracker(): LimitTracker;
}
