import {
  appendEvents,
  EventRepository,
  IdempotencyKeyReusedError,
  type NewEvent,
  VersionConflictError,
} from '@holdfast/db';
import type { EntityManager } from 'typeorm';

/** What is to stand in one aggregate's stream. Every event has an idempotency key. */
export interface StreamContents {
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly events: readonly NewEvent[];
}

const PAGE = 500;
const ATTEMPTS = 5;

/**
 * The stream holds every one of the events, each once, whoever else appends to it meanwhile. What is missing is
 * appended at its end, all or nothing. Resolves to how many were.
 *
 * @throws VersionConflictError, IdempotencyKeyReusedError if others are faster five times.
 */
export async function loadStream(manager: EntityManager, stream: StreamContents): Promise<number> {
  const { aggregateType, aggregateId, events } = stream;
  for (let attempt = 1; ; attempt += 1) {
    const { version, keys } = await readStreamKeys(manager, stream);
    const missing = events.filter(({ idempotencyKey }) => !keys.has(idempotencyKey ?? null));
    if (missing.length === 0) return 0;
    try {
      const result = await appendEvents(manager, {
        aggregateType,
        aggregateId,
        expectedVersion: version,
        events: missing,
      });
      return result.appended ? missing.length : 0;
    } catch (error) {
      // Another load may have written the same keys with its own time for the events that tell none.
      const overtaken = error instanceof VersionConflictError || error instanceof IdempotencyKeyReusedError;
      if (!overtaken || attempt === ATTEMPTS) throw error;
    }
  }
}

async function readStreamKeys(
  manager: EntityManager,
  { aggregateType, aggregateId }: StreamContents,
): Promise<{ version: number; keys: ReadonlySet<string | null> }> {
  const repository = new EventRepository(manager);
  const keys = new Set<string | null>();
  let version = 0;
  for (;;) {
    const page = await repository.readStream(aggregateType, aggregateId, {
      fromVersion: version + 1,
      limit: PAGE,
    });
    for (const event of page) keys.add(event.idempotencyKey);
    version = page.at(-1)?.aggregateVersion ?? version;
    if (page.length < PAGE) return { version, keys };
  }
}
