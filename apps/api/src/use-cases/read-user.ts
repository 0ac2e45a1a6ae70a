import { User } from '@holdfast/db';
import type { Database } from '../database';
import { NotFoundError } from './not-found-error';

/** @throws NotFoundError if there is none. */
export async function readUser(database: Database, id: string): Promise<User> {
  const user = await database.findOneBy('read user', User, { id });
  if (user === null) throw new NotFoundError('user', id);
  return user;
}
