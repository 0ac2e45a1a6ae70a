import { type AppendRequest, type AppendResult, appendEvents } from '@holdfast/db';
import type { Database } from '../database';
import { writeAppend } from './write-append';

/**
 * Appends events to one aggregate's stream, all or none. One statement, which may share its round trip and commit with other appends.
 *
 * @throws UnknownAppendError if nobody knows whether it was applied.
 * @throws VersionConflictError if the stream is not at the expected version.
 * @throws IdempotencyKeyReusedError if a key was used before and this is no repetition of that append.
 * @throws InvalidAppendError if the append could not be written to any stream.
 */
export function appendToStream(database: Database, request: AppendRequest): Promise<AppendResult> {
  return writeAppend(request.events, (options) =>
    database.groupedStatement('append events', (sender) => appendEvents(sender, request), options),
  );
}
