import { defineContract, type QueryContract } from '@holdfast/online-schema';
import type { EntityManager } from 'typeorm';
import { UserRepository } from '../repositories/user.repository';
import { PAGE, readTwoPages } from './next-page';
import type { ContractSample } from './sample';

const contract = defineContract<ContractSample>;
const users = (manager: EntityManager) => new UserRepository(manager);

/** What questions about users cost. */
export const USER_CONTRACTS: readonly QueryContract<ContractSample>[] = [
  contract({
    name: 'user by id',
    index: 'users_pkey',
    run: (manager, { personId }) => users(manager).findById(personId),
  }),
  contract({
    name: 'user by e-mail',
    index: 'idx_users_email_lower',
    run: (manager, { userEmail }) => users(manager).findByEmail(userEmail.toUpperCase()),
  }),
  contract({
    name: 'user by external id',
    index: 'idx_users_external_id',
    run: (manager, { userExternalId }) => users(manager).findByExternalId(userExternalId),
  }),
  contract({
    name: 'users by a rare name',
    index: 'idx_users_name_search',
    run: (manager, { rarePerson: { firstName, lastName } }) =>
      users(manager).searchByName(firstName, lastName),
    allows: { sort: 'in the order of the index names come by their bytes; those with one beginning are few' },
  }),
  contract({
    name: 'users by the most frequent name',
    index: 'idx_users_name_search',
    run: (manager, { frequentPerson: { firstName, lastName } }) =>
      users(manager).searchByName(firstName, lastName),
    maxBuffers: 1_000,
    because: 'everyone of that name is read to tell the first ones',
    growth: 'there are more people of a name where there are more people',
    allows: { sort: 'in the order of the index names come by their bytes, not as people sort them' },
  }),
  contract({
    name: 'users of the common role, two pages',
    index: 'idx_users_status_role',
    run: (manager) => readTwoPages((page) => users(manager).pageByStatusAndRole('active', 'member', page)),
  }),
  contract({
    name: 'users of a rare role, two pages',
    index: 'idx_users_status_role',
    run: (manager) => readTwoPages((page) => users(manager).pageByStatusAndRole('active', 'owner', page)),
  }),
  contract({
    name: 'users of a rare status, first page',
    index: 'idx_users_status_role',
    run: (manager) => users(manager).pageByStatusAndRole('deleted', 'admin', PAGE),
  }),
  contract({
    name: 'latest logins, two pages',
    index: 'idx_users_login_activity',
    run: (manager) => readTwoPages((page) => users(manager).pageByLatestLogin(page)),
  }),
  contract({
    name: 'login of a user',
    index: 'users_pkey',
    maxBuffers: 60,
    because: 'the row moves within the orders of logins, and its new version enters every index',
    run: (manager, { personId, now }) => users(manager).recordLogin(personId, now),
  }),
  contract({
    name: 'user who is deleted, with what goes with them',
    index: ['users_pkey', 'idx_user_orgs_user_organization', 'idx_api_keys_user_status'],
    run: (manager, { personId }) => manager.query('delete from users where id = $1', [personId]),
    maxBuffers: 100,
    because: 'their memberships and API keys, a few of each, are found and deleted by the foreign keys',
  }),
];
