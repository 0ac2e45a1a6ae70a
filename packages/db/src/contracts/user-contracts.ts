import { defineContract, type QueryContract } from '@holdfast/online-schema';
import type { EntityManager } from 'typeorm';
import { UserRepository } from '../repositories/user.repository';
import { PAGE, readToEnd, readTwoPages } from './next-page';
import { OF_POLICIES } from './of-policies';
import { requireRefusal } from './require-refusal';
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
  }),
  contract({
    name: 'users by the most frequent name',
    index: 'idx_users_name_search',
    run: (manager, { frequentPerson: { firstName, lastName } }) =>
      users(manager).searchByName(firstName, lastName),
  }),
  contract({
    name: 'users by a frequent first name and a rare last one',
    index: 'idx_users_name_search',
    run: (manager, { frequentPerson: { firstName }, rarePerson: { lastName } }) =>
      users(manager).searchByName(firstName, lastName),
    allows: { sort: 'those of both names are few' },
    maxBuffers: 150,
    because: 'where they are few, all of them are read and sorted',
  }),
  contract({
    name: 'users by a frequent first name alone',
    index: 'idx_users_name_search',
    run: (manager, { frequentPerson: { firstName } }) => users(manager).searchByName(firstName),
  }),
  contract({
    name: 'users by a rare first name alone',
    index: 'idx_users_name_search',
    run: (manager, { rareFirstName }) => users(manager).searchByName(rareFirstName),
  }),
  contract({
    name: 'users by a rare last name',
    index: 'idx_users_last_name',
    run: (manager, { rarePerson: { lastName } }) => users(manager).searchByLastName(lastName),
  }),
  contract({
    name: 'users by a frequent last name',
    index: 'idx_users_last_name',
    run: (manager, { frequentPerson: { lastName } }) => users(manager).searchByLastName(lastName),
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
    name: 'users of a rare status and the common role, to the end',
    index: 'idx_users_status_role',
    maxBuffers: 72,
    because: `neighbours in time share pages of the table, and none of the index is read in vain; ${OF_POLICIES}`,
    run: (manager) => readToEnd((page) => users(manager).pageByStatusAndRole('suspended', 'member', page)),
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
    maxBuffers: 52,
    because: `the row moves within the orders of logins, and its new version enters every index; ${OF_POLICIES}`,
    run: (manager, { personId, now }) => users(manager).recordLogin(personId, now),
  }),
  contract({
    name: 'user whose e-mail is taken',
    index: 'idx_users_email_lower',
    run: async (manager, { userEmail: email }) => {
      await requireRefusal(manager, () => users(manager).create({ email: email.toUpperCase() }));
      await users(manager).findByEmail(email);
    },
  }),
  contract({
    name: 'user whose external id is taken',
    index: 'idx_users_external_id',
    run: async (manager, { userExternalId: externalId }) => {
      await requireRefusal(manager, () => users(manager).create({ externalId }));
      await users(manager).findByExternalId(externalId);
    },
  }),
  contract({
    name: 'new user',
    index: 'users_pkey',
    maxBuffers: 40,
    because: 'one row is written to the table and into each of its seven indexes, two or three pages each',
    run: async (manager) => {
      const { id } = await users(manager).create({
        email: 'of@contract.example',
        firstName: 'Of',
        lastName: 'It',
      });
      await users(manager).findById(id);
    },
  }),
  contract({
    name: 'change of a user who was read',
    index: 'users_pkey',
    maxBuffers: 52,
    because: `the new version of the row enters every index, and ${OF_POLICIES}`,
    run: (manager, { personId }) => users(manager).update(personId, { role: 'admin' }, [1]),
  }),
  contract({
    name: 'user who is deleted, with what goes with them',
    index: ['users_pkey', 'idx_user_orgs_user_status', 'idx_api_keys_user_status'],
    run: (manager, { personId }) => manager.query('delete from users where id = $1', [personId]),
    maxBuffers: 40,
    because: 'their memberships and API keys, a few of each, are found and deleted by the foreign keys',
    growth:
      'how many keys somebody has is chance: with 100,000 events the person has none, with 5,000,000 two',
  }),
];
