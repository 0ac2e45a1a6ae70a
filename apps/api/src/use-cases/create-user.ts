import { type NewUser, newId, type User, UserRepository } from '@holdfast/db';
import type { Database } from '../database';

/** @throws AlreadyExistsError if the e-mail, in any case, or the external id is taken. */
export function createUser(database: Database, user: NewUser): Promise<User> {
  const id = newId();
  return database.transaction(
    'create user',
    (manager) => new UserRepository(manager).create({ ...user, id }),
    { wasApplied: async (manager) => (await new UserRepository(manager).findById(id)) !== null },
  );
}
