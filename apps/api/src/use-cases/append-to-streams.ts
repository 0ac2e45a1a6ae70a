import { appendToStreams, type StreamsAppendRequest, type StreamsAppendResult } from '@holdfast/db';
import type { Database } from '../database';
import { writeAppend } from './write-append';

/**
 * Appends events to several streams, all or none, under a condition if there is one.
 *
 * @throws UnknownAppendError if nobody knows whether it was applied.
 * @throws VersionConflictError if one of the streams is not at its expected version.
 * @throws ConditionFailedError if an event that the condition matches had not been read.
 * @throws IdempotencyKeyReusedError if a key was used before and this is no repetition of that append.
 * @throws InvalidAppendError if the append could not be written to any stream.
 */
export function appendManyStreams(
  database: Database,
  request: StreamsAppendRequest,
): Promise<StreamsAppendResult> {
  const events = request.streams.flatMap((stream) => stream.events);
  return writeAppend(events, (options) =>
    database.statement('append events', (manager) => appendToStreams(manager, request), options),
  );
}
