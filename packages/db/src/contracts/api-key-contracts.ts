import { randomBytes } from 'node:crypto';
import { defineContract, type QueryContract } from '@holdfast/online-schema';
import type { EntityManager } from 'typeorm';
import { newId } from '../new-id';
import { ApiKeyRepository } from '../repositories/api-key.repository';
import { PAGE, readTwoPages } from './next-page';
import { OF_POLICIES } from './of-policies';
import { requireRefusal } from './require-refusal';
import type { ContractSample } from './sample';

const contract = defineContract<ContractSample>;
const keys = (manager: EntityManager) => new ApiKeyRepository(manager);
const DAY_MS = 86_400_000;

/** What questions about API keys cost. */
export const API_KEY_CONTRACTS: readonly QueryContract<ContractSample>[] = [
  contract({
    name: 'usable API key by its hash',
    index: 'idx_api_keys_key_hash',
    run: async (manager, { apiKey: { keyHash }, now }) => {
      await keys(manager).findUsable(keyHash, now);
      await keys(manager).findManyUsable([keyHash], now);
    },
  }),
  contract({
    name: 'API keys of a person, first page',
    index: 'idx_api_keys_user_status',
    run: (manager, { personId }) => keys(manager).pageByUser(personId, 'active', PAGE),
  }),
  contract({
    name: 'API keys of a service account, two pages',
    index: 'idx_api_keys_user_status',
    maxBuffers: 40,
    because: `the keys of a page are spread over as many pages of the table, and ${OF_POLICIES}`,
    run: (manager, { serviceAccountId }) =>
      readTwoPages((page) => keys(manager).pageByUser(serviceAccountId, 'active', page)),
  }),
  contract({
    name: 'API keys of a median organization, first page',
    index: 'idx_api_keys_org_status',
    run: (manager, { medianOrganizationId }) =>
      keys(manager).pageByOrganization(medianOrganizationId, 'active', PAGE),
  }),
  contract({
    name: 'API keys of the organization with most of them, two pages',
    index: 'idx_api_keys_org_status',
    maxBuffers: 40,
    because: `the keys of a page are spread over as many pages of the table, and ${OF_POLICIES}`,
    run: (manager, { keyedOrganizationId }) =>
      readTwoPages((page) => keys(manager).pageByOrganization(keyedOrganizationId, 'active', page)),
  }),
  contract({
    name: 'API keys that expire within a month, two pages',
    index: 'idx_api_keys_expires',
    run: (manager, { now }) =>
      readTwoPages((page) => keys(manager).pageExpiringBefore(new Date(now.getTime() + 30 * DAY_MS), page)),
  }),
  contract({
    name: 'latest uses of API keys, two pages',
    index: 'idx_api_keys_usage',
    run: (manager) => readTwoPages((page) => keys(manager).pageByLatestUse(page)),
  }),
  contract({
    name: 'API key by id',
    index: 'api_keys_pkey',
    run: (manager, { apiKey: { id } }) => keys(manager).findById(id),
  }),
  contract({
    name: 'change of an API key that was read',
    index: 'api_keys_pkey',
    maxBuffers: 60,
    because: 'the new version of the row enters every index',
    run: (manager, { apiKey: { id } }) => keys(manager).update(id, { name: 'renamed' }, [1]),
  }),
  contract({
    name: 'API key that gets a successor',
    index: 'api_keys_pkey',
    maxBuffers: 60,
    because: 'the new version of the row enters every index',
    run: (manager, { apiKey: { id } }) => keys(manager).retire(id, newId(), 3_600),
  }),
  contract({
    name: 'revocation of an API key',
    index: 'api_keys_pkey',
    maxBuffers: 60,
    because: 'the new version of the row enters every index',
    run: (manager, { apiKey: { id } }) => keys(manager).revoke(id),
  }),
  contract({
    name: 'use of an API key',
    index: 'idx_api_keys_key_hash',
    maxBuffers: 40,
    because: 'the row moves within the order of uses, and its new version enters every index',
    run: (manager, { apiKey: { keyHash }, now }) =>
      keys(manager).recordUse(keyHash, new Date(now.getTime() + DAY_MS)),
  }),
  contract({
    name: 'API key whose hash is taken',
    index: 'idx_api_keys_key_hash',
    run: async (manager, { apiKey: { keyHash }, personId: userId, now }) => {
      await requireRefusal(manager, () => keys(manager).create({ userId, keyHash }));
      await keys(manager).findUsable(keyHash, now);
    },
  }),
  contract({
    name: 'new API key',
    index: 'idx_api_keys_key_hash',
    maxBuffers: 56,
    because: `one row is written to the table and into each of its indexes, one of whose pages may have to be split, and its user and organization are looked up; ${OF_POLICIES}`,
    run: async (manager, { personId: userId, medianOrganizationId: organizationId, now }) => {
      const keyHash = randomBytes(32);
      await keys(manager).create({ userId, organizationId, keyHash });
      await keys(manager).findUsable(keyHash, now);
    },
  }),
];
