import { type AppendRequest, type AppendResult, appendEvents } from '@holdfast/db';
import type { Database } from '../database';
import { writeAppend } from './write-append';

/**
 * Appends events to one aggregate's stream, all or none. One statement and one round trip, without a transaction around it.
 *
 * @throws UnknownAppendError if nobody knows whether it was applied.
 * @throws VersionConflictError if the stream is not at the expected version.
 * @throws IdempotencyKeyReusedError if a key was used before and this is no repetition of that append.
 * @throws InvalidAppendError if the append could not be written to any stream.
 */
export function appendToStream(database: Database, request: AppendRequest): Promise<AppendResult> {
  return writeAppend(database, request.events, (manager) => appendEvents(manager, request));
}
