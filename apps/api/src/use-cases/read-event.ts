import { Event } from '@holdfast/db';
import type { Database } from '../database';
import { NotFoundError } from './not-found-error';

/** @throws NotFoundError if there is none. */
export async function readEvent(database: Database, id: string): Promise<Event> {
  const event = await database.findOneBy('read event', Event, { id });
  if (event === null) throw new NotFoundError('event', id);
  return event;
}
