/** What clients ask for in writing. `naive` is the control: an append that is sent again without a key. */
export const CALL_KINDS = ['create', 'update', 'append', 'append-once', 'naive'] as const;
type CallKind = (typeof CALL_KINDS)[number];

/**
 * What a client was told in the end. `done` and `refused` must be true; of `unknown`, the service has said that nobody knows, or
 * nothing was heard.
 */
type CallEnding = 'done' | 'refused' | 'unknown';

/** One write that a client asked for, as often as it took. */
export interface Call {
  readonly kind: CallKind;
  /** Stands in everything that it writes, once in each; nothing else has it. */
  readonly token: string;
  readonly ending: CallEnding;
  /** How many rows or events it asked for. */
  readonly count: number;
  /** Requests that it took. */
  readonly attempts: number;
  /** The version that the service said it has written, where it did. */
  readonly version?: number;
}
