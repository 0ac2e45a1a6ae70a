import { type NewUser, type User, UserRepository } from '@holdfast/db';
import type { UnitOfWork } from '../unit-of-work';

/** @throws AlreadyExistsError if the e-mail, in any case, or the external id is taken. */
export function createUser(database: UnitOfWork, user: NewUser): Promise<User> {
  return database.write('create user', (manager) => new UserRepository(manager).create(user));
}
