import { defineContract, type QueryContract } from '@holdfast/online-schema';
import type { EntityManager } from 'typeorm';
import { MembershipRepository } from '../repositories/membership.repository';
import { OrganizationRepository } from '../repositories/organization.repository';
import { UserRepository } from '../repositories/user.repository';
import { PAGE, readTwoPages } from './next-page';
import { OF_POLICIES } from './of-policies';
import { requireRefusal } from './require-refusal';
import type { ContractSample } from './sample';

const contract = defineContract<ContractSample>;
const memberships = (manager: EntityManager) => new MembershipRepository(manager);

/** What questions about who belongs where cost. */
export const MEMBERSHIP_CONTRACTS: readonly QueryContract<ContractSample>[] = [
  contract({
    name: 'membership by id',
    index: 'user_organizations_pkey',
    run: (manager, { membership: { id } }) => memberships(manager).findById(id),
  }),
  contract({
    name: 'membership of a user in an organization',
    index: 'idx_user_orgs_user_status',
    run: (manager, { membership: { userId, organizationId } }) =>
      memberships(manager).findByUserAndOrganization(userId, organizationId),
  }),
  contract({
    name: 'organizations of a user',
    index: 'idx_user_orgs_user_status',
    run: (manager, { membership: { userId } }) => memberships(manager).listOrganizationsOfUser(userId),
  }),
  contract({
    name: 'members of the largest organization, two pages',
    index: 'idx_user_orgs_org_role',
    run: (manager, { largestMembershipOrganizationId }) =>
      readTwoPages((page) =>
        memberships(manager).pageMembersByRole(largestMembershipOrganizationId, 'member', page),
      ),
  }),
  contract({
    name: 'owners of an organization, first page',
    index: 'idx_user_orgs_org_role',
    run: (manager, { membership: { organizationId } }) =>
      memberships(manager).pageMembersByRole(organizationId, 'owner', PAGE),
  }),
  contract({
    name: 'membership that is there already',
    index: 'idx_user_orgs_user_status',
    run: async (manager, { membership: { userId, organizationId } }) => {
      await requireRefusal(manager, () => memberships(manager).create({ userId, organizationId }));
      await memberships(manager).findByUserAndOrganization(userId, organizationId);
    },
  }),
  contract({
    name: 'new membership',
    index: 'user_organizations_pkey',
    maxBuffers: 40,
    because:
      'one row is written to the table and into each of its indexes, and its user and organization are looked up',
    run: async (manager, { medianOrganizationId: organizationId }) => {
      const { id: userId } = await new UserRepository(manager).create({});
      const { id } = await memberships(manager).create({ userId, organizationId });
      await memberships(manager).findById(id);
    },
  }),
  contract({
    name: 'suspended members of the largest organization, first page',
    index: 'idx_user_orgs_org_role',
    run: (manager, { largestMembershipOrganizationId }) =>
      memberships(manager).pageMembersByRole(largestMembershipOrganizationId, 'member', {
        ...PAGE,
        status: 'suspended',
      }),
  }),
  contract({
    name: 'change of a membership that was read',
    index: 'user_organizations_pkey',
    maxBuffers: 56,
    because: `the new version of the row enters every index, and ${OF_POLICIES}`,
    run: (manager, { membership: { id } }) => memberships(manager).update(id, { role: 'admin' }, [1]),
  }),
  contract({
    name: 'invitation that is accepted',
    index: 'user_organizations_pkey',
    maxBuffers: 56,
    because: `the new version of the row enters every index, and ${OF_POLICIES}`,
    run: async (manager) => {
      const { id: organizationId } = await new OrganizationRepository(manager).create({ name: 'Inviting' });
      const [{ userId }] = await manager.query<[{ userId: string }]>('select tenancy.holder() as "userId"');
      const { id } = await memberships(manager).create({ userId, organizationId, status: 'pending' });
      if (!(await memberships(manager).accept(id))) throw new Error('an invitation was not accepted');
    },
  }),
  contract({
    name: 'end of a membership that was read',
    index: 'user_organizations_pkey',
    maxBuffers: 40,
    because: `${OF_POLICIES}: to see the row, and to delete it; and API keys of the member are looked for`,
    run: (manager, { membership: { id } }) => memberships(manager).delete(id, [1]),
  }),
];
