import { type Membership, MembershipRepository, UserRepository } from '@holdfast/db';
import type { Database } from '../database';
import { NotFoundError } from './not-found-error';

/** Where a user belongs or is invited to. @throws NotFoundError if there is no such user. */
export function listOrganizationsOfUser(
  database: Database,
  userId: string,
): Promise<Pick<Membership, 'organizationId' | 'role' | 'status'>[]> {
  return database.read('list organizations of user', async (manager) => {
    const organizations = await new MembershipRepository(manager).listOrganizationsOfUser(userId);
    // Only an empty list leaves open whether there is such a user, so the common case stays one query.
    if (organizations.length === 0 && (await new UserRepository(manager).findById(userId)) === null) {
      throw new NotFoundError('user', userId);
    }
    return organizations;
  });
}
