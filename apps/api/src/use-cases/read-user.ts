import { type User, UserRepository } from '@holdfast/db';
import type { UnitOfWork } from '../unit-of-work';
import { NotFoundError } from './not-found-error';

/** @throws NotFoundError if there is none. */
export async function readUser(database: UnitOfWork, id: string): Promise<User> {
  const user = await database.read('read user', (manager) => new UserRepository(manager).findById(id));
  if (user === null) throw new NotFoundError('user', id);
  return user;
}
