import { refusalCause, sqlstateOf } from '../repositories/server-refusal';

export interface InvalidAppend {
  /** The part at fault, as `events.0.eventType`. Absent where the server refused, which does not say. */
  readonly path?: string;
  /** What is wrong with it; never the value. */
  readonly reason: string;
}

/** An append that can never be written, whatever the stream holds. Nothing was written. */
export class InvalidAppendError extends Error {
  override readonly name = 'InvalidAppendError';
  readonly code = 'HOLDFAST_INVALID_APPEND';
  readonly path: string | undefined;
  readonly reason: string;

  constructor({ path, reason }: InvalidAppend, options?: ErrorOptions) {
    super(path === undefined ? reason : `${path}: ${reason}`, options);
    this.path = path;
    this.reason = reason;
  }
}

/** What the server cannot store, by SQLSTATE. What can be told cheaply beforehand has been checked already. */
const REASONS: ReadonlyMap<string | undefined, string> = new Map([
  ['22P05', 'a text holds the character U+0000, which cannot be stored'],
  ['22021', 'a text holds the character U+0000, which cannot be stored'],
  ['22P02', 'a text holds half of a surrogate pair, or an id is not a UUID'],
]);

/** Turns the server's refusal of a value into an error of the domain; the rest passes untouched. */
export function invalidAppendOf(error: unknown): unknown {
  const reason = REASONS.get(sqlstateOf(error));
  return reason === undefined ? error : new InvalidAppendError({ reason }, { cause: refusalCause(error) });
}
