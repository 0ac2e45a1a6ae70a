import {
  type Membership,
  MembershipRepository,
  type MembershipRole,
  type MembershipStatus,
  OrganizationRepository,
  type Page,
  type PageRequest,
} from '@holdfast/db';
import type { Database } from '../database';
import { NotFoundError } from './not-found-error';

/**
 * Members of an organization in one role and status, by default active ones, in the order they joined.
 *
 * @throws NotFoundError if there is no such organization.
 * @throws InvalidCursorError
 */
export function listMembers(
  database: Database,
  organizationId: string,
  role: MembershipRole,
  request: PageRequest & { readonly status?: MembershipStatus | undefined },
): Promise<Page<Membership>> {
  return database.read('list members', async (manager) => {
    const page = await new MembershipRepository(manager).pageMembersByRole(organizationId, role, request);
    // Only an empty page leaves open whether there is such an organization, so the common case stays one query.
    if (
      page.items.length === 0 &&
      (await new OrganizationRepository(manager).findById(organizationId)) === null
    ) {
      throw new NotFoundError('organization', organizationId);
    }
    return page;
  });
}
