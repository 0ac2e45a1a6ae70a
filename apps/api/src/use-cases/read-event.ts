import { type Event, EventRepository } from '@holdfast/db';
import type { UnitOfWork } from '../unit-of-work';
import { NotFoundError } from './not-found-error';

/** @throws NotFoundError if there is none. */
export async function readEvent(database: UnitOfWork, id: string): Promise<Event> {
  const event = await database.read('read event', (manager) => new EventRepository(manager).findById(id));
  if (event === null) throw new NotFoundError('event', id);
  return event;
}
