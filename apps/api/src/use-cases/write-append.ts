import {
  ConditionFailedError,
  IdempotencyKeyReusedError,
  InvalidAppendError,
  type NewEvent,
  VersionConflictError,
} from '@holdfast/db';
import { OutcomeUnknownError, type StatementOptions } from '../database';

/**
 * Sends an append, all or nothing. If its every event has an idempotency key it is also tried again when it is not known whether
 * it was applied; without keys that could write it twice.
 *
 * @param send runs it as a statement of a database.
 * @throws UnknownAppendError if nobody knows whether it was applied; and what the append throws.
 */
export async function writeAppend<T>(
  events: readonly NewEvent[],
  send: (options: StatementOptions) => Promise<T>,
): Promise<T> {
  const keys = events.flatMap(({ idempotencyKey }) => idempotencyKey ?? []);
  const idempotent = keys.length === events.length;
  try {
    return await send({ idempotent, provesUnapplied });
  } catch (error) {
    throw error instanceof OutcomeUnknownError
      ? new UnknownAppendError(idempotent ? keys : [], error)
      : error;
  }
}

/** The append has looked for its keys, and they are not there as it would have written them; or it can never be written. */
function provesUnapplied(error: unknown): boolean {
  return (
    error instanceof VersionConflictError ||
    error instanceof ConditionFailedError ||
    error instanceof IdempotencyKeyReusedError ||
    error instanceof InvalidAppendError
  );
}

/** Whether the events were appended is not known. */
export class UnknownAppendError extends Error {
  override readonly name = 'UnknownAppendError';
  readonly code = 'HOLDFAST_UNKNOWN_APPEND';

  constructor(
    /** Under which the append can be sent again, once; empty when not every event has one. */
    readonly idempotencyKeys: readonly string[],
    cause: unknown,
  ) {
    super('Whether the events were appended is not known', { cause });
  }
}
