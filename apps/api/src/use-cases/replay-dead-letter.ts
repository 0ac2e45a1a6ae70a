import { Event, EventRepository, MAX_EVENT_ATTEMPTS } from '@holdfast/db';
import { MoreThanOrEqual } from 'typeorm';
import type { Database } from '../database';
import { NotFoundError } from './not-found-error';

/**
 * A dead letter is handed to the workers again, with all its attempts. Of an event that is none nothing changes, so that
 * doing it twice has the effect of doing it once.
 *
 * @throws NotFoundError if there is no such event.
 */
export async function replayDeadLetter(database: Database, id: string): Promise<void> {
  const isDead = { id, processed: false, retryCount: MoreThanOrEqual(MAX_EVENT_ATTEMPTS) };
  const { affected } = await database.statement(
    'replay dead letter',
    (manager) => manager.update(Event, isDead, { retryCount: 0 }),
    { idempotent: true },
  );
  if (affected !== 0) return;
  const event = await database.read('read event', (manager) => new EventRepository(manager).findById(id));
  if (event === null) throw new NotFoundError('event', id);
}
