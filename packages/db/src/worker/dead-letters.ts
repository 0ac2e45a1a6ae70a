import { createRepository } from '@holdfast/postgres';
import type { EntityManager } from 'typeorm';
import { Event } from '../entities/event.entity';
import { Keyset, type Page, type PageRequest } from '../repositories/keyset';
import { cursorPosition, cursorTime } from '../repositories/sort-key';

const letters = new Keyset('dead-letters', [cursorTime, cursorPosition], (row: Event) => [
  row.createdAt.toISOString(),
  row.globalPosition,
]);

/**
 * Events that were given up on after five attempts, oldest first, with the last error. Index: idx_events_dead_letters.
 *
 * @throws InvalidLimitError, InvalidCursorError
 */
export function listDeadLetters(manager: EntityManager, request: PageRequest = {}): Promise<Page<Event>> {
  const events = createRepository(manager, Event);
  return letters.read(request, (after, take) =>
    events.query(
      `select ${events.columnsOf('e')} from events e
      where e.processed = false and e.retry_count >= 5
      ${after === undefined ? '' : 'and (e.created_at, e.global_position) > ($1, $2)'}
      order by e.created_at, e.global_position
      limit ${take}`,
      after,
      { fromReplica: true },
    ),
  );
}

/**
 * A dead letter waits for a worker again, with all of its attempts; what came after it in its stream may have been handled before it.
 * The last error stays until there is another. False if no dead letter has this id.
 *
 * Index: idx_events_id.
 */
export async function replayDeadLetter(manager: EntityManager, eventId: string): Promise<boolean> {
  const [, count] = await manager.query<[unknown[], number]>(REPLAY, [eventId]);
  return count > 0;
}

// Hidden from the planner, who would otherwise look through all dead letters while they are few.
const REPLAY = `
  update events set retry_count = 0
  where id = $1 and coalesce(processed = false and retry_count >= 5, false)`;
