/**
 * An event that the condition of an append matches was written after its reader had read: read again, decide again, append
 * again. Nothing was written.
 */
export class ConditionFailedError extends Error {
  override readonly name = 'ConditionFailedError';
  readonly code = 'HOLDFAST_CONDITION_FAILED';

  constructor(
    /** Of the query's items the first that matches, counted from 0. */
    readonly item: number,
    /** Of an event that matches it and was not seen: a string of digits. */
    readonly position: string,
  ) {
    super(`an event at position ${position} matches item ${item} of the condition, and had not been read`);
  }
}
