import { type AppendRequest, type AppendResult, appendEvents } from '@holdfast/db';
import type { UnitOfWork } from '../unit-of-work';

/**
 * Appends events to one aggregate's stream, all or none. An append whose every event has an idempotency key is also
 * tried again when it is not known whether it was applied; without keys that could write it twice.
 *
 * @throws VersionConflictError if the stream is not at the expected version.
 * @throws IdempotencyKeyReusedError if a key was used before and this is no repetition of that append.
 * @throws InvalidAppendError if the append could not be written to any stream.
 */
export function appendToStream(database: UnitOfWork, request: AppendRequest): Promise<AppendResult> {
  const idempotent = request.events.every(({ idempotencyKey }) => idempotencyKey !== undefined);
  return database.write('append events', (manager) => appendEvents(manager, request), { idempotent });
}
