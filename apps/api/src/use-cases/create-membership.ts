import { type Membership, MembershipRepository, type NewMembership, newId } from '@holdfast/db';
import type { Database } from '../database';

/**
 * @throws AlreadyExistsError if the user is in the organization already.
 * @throws ReferenceMissingError if either does not exist.
 */
export function createMembership(database: Database, membership: NewMembership): Promise<Membership> {
  const id = newId();
  return database.transaction(
    'create membership',
    (manager) => new MembershipRepository(manager).create({ ...membership, id }),
    { wasApplied: async (manager) => (await new MembershipRepository(manager).findById(id)) !== null },
  );
}
