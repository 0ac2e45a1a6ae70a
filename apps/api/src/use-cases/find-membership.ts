import { type Membership, MembershipRepository } from '@holdfast/db';
import type { Database } from '../database';

/** The membership of a user in an organization, in whatever role and status; null if there is none. */
export function findMembership(
  database: Database,
  userId: string,
  organizationId: string,
): Promise<Membership | null> {
  return database.read('find membership', (manager) =>
    new MembershipRepository(manager).findByUserAndOrganization(userId, organizationId),
  );
}
