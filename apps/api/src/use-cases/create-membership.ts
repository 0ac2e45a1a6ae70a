import { type Membership, MembershipRepository, type NewMembership } from '@holdfast/db';
import type { UnitOfWork } from '../unit-of-work';

/**
 * @throws AlreadyExistsError if the user is in the organization already.
 * @throws ReferenceMissingError if either does not exist.
 */
export function createMembership(database: UnitOfWork, membership: NewMembership): Promise<Membership> {
  return database.write('create membership', (manager) =>
    new MembershipRepository(manager).create(membership),
  );
}
