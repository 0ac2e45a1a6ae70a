import { type ExpectedVersions, type User, type UserChange, UserRepository } from '@holdfast/db';
import type { Database } from '../database';
import { NotFoundError } from './not-found-error';

/**
 * Changes a user that is at one of the versions.
 *
 * @throws NotFoundError if there is none.
 * @throws RowChangedError if it has moved on.
 * @throws AlreadyExistsError if the e-mail, in any case, or the external id is taken.
 */
export async function updateUser(
  database: Database,
  id: string,
  change: UserChange,
  expected: ExpectedVersions,
): Promise<User> {
  const user = await database.statement(
    'update user',
    (manager) => new UserRepository(manager).update(id, change, expected),
    { idempotent: false },
  );
  if (user === null) throw new NotFoundError('user', id);
  return user;
}
