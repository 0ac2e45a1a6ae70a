import {
  type AppendRequest,
  type AppendResult,
  appendEvents,
  IdempotencyKeyReusedError,
  InvalidAppendError,
  VersionConflictError,
} from '@holdfast/db';
import { type Database, OutcomeUnknownError } from '../database';

/**
 * Appends events to one aggregate's stream, all or none. An append whose every event has an idempotency key is also
 * tried again when it is not known whether it was applied; without keys that could write it twice. One statement and one
 * round trip, without a transaction around it.
 *
 * @throws UnknownAppendError if nobody knows whether it was applied.
 * @throws VersionConflictError if the stream is not at the expected version.
 * @throws IdempotencyKeyReusedError if a key was used before and this is no repetition of that append.
 * @throws InvalidAppendError if the append could not be written to any stream.
 */
export async function appendToStream(database: Database, request: AppendRequest): Promise<AppendResult> {
  const keys = request.events.flatMap(({ idempotencyKey }) => idempotencyKey ?? []);
  const idempotent = keys.length === request.events.length;
  try {
    return await database.statement('append events', (manager) => appendEvents(manager, request), {
      idempotent,
      provesUnapplied,
    });
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
