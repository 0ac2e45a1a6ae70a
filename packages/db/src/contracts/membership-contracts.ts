import { defineContract, type QueryContract } from '@holdfast/online-schema';
import type { EntityManager } from 'typeorm';
import { MembershipRepository } from '../repositories/membership.repository';
import { PAGE, readTwoPages } from './next-page';
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
    index: 'idx_user_orgs_user_organization',
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
];
