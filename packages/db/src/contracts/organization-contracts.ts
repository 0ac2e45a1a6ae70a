import { defineContract, type QueryContract } from '@holdfast/online-schema';
import type { EntityManager } from 'typeorm';
import { OrganizationRepository } from '../repositories/organization.repository';
import { OrganizationActivityRepository } from '../repositories/organization-activity.repository';
import { PAGE, readToEnd, readTwoPages } from './next-page';
import { OF_POLICIES } from './of-policies';
import { requireRefusal } from './require-refusal';
import type { ContractSample } from './sample';

const contract = defineContract<ContractSample>;
const organizations = (manager: EntityManager) => new OrganizationRepository(manager);

const NEW_ROW = 'one row is written to the table and into each of its five indexes, two or three pages each';

/** What questions about organizations cost. */
export const ORGANIZATION_CONTRACTS: readonly QueryContract<ContractSample>[] = [
  contract({
    name: 'organization by id',
    index: 'organizations_pkey',
    run: (manager, { medianOrganizationId }) => organizations(manager).findById(medianOrganizationId),
  }),
  contract({
    name: 'organization by domain',
    index: 'idx_organizations_domain',
    run: (manager, { organizationDomain }) =>
      organizations(manager).findByDomain(organizationDomain.toUpperCase()),
  }),
  contract({
    name: 'organization by external id',
    index: 'idx_organizations_external_id',
    run: (manager, { organizationExternalId }) =>
      organizations(manager).findByExternalId(organizationExternalId),
  }),
  contract({
    name: 'organizations by a rare part of the name',
    index: 'idx_organizations_name_trgm',
    run: (manager, { rareName }) => organizations(manager).searchByName(rareName),
    maxBuffers: 1_000,
    because: 'every trigram of the text has a list of its own, and frequent ones have long lists',
    growth: 'the lists of trigrams grow with the names',
    allows: { sort: 'likeness is computed from what was found' },
  }),
  contract({
    name: 'organizations by a frequent part of the name',
    index: 'idx_organizations_name_trgm',
    run: (manager, { frequentName }) => organizations(manager).searchByName(frequentName),
    maxBuffers: 3_000,
    because: 'all names that hold the text are compared to tell the most similar ones',
    growth: 'more organizations have the text in their names where there are more organizations',
    allows: { sort: 'likeness is computed from what was found' },
  }),
  contract({
    name: 'organizations of the common status, two pages',
    index: 'idx_organizations_status_created',
    run: (manager) => readTwoPages((page) => organizations(manager).pageByStatus('active', page)),
  }),
  contract({
    name: 'organizations of a rare status, to the end',
    index: 'idx_organizations_status_created',
    maxBuffers: 50,
    because: 'neighbours in time share pages of the table, and none of the index is read in vain',
    run: (manager) => readToEnd((page) => organizations(manager).pageByStatus('suspended', page)),
  }),
  contract({
    name: 'organizations of a rare status, first page',
    index: 'idx_organizations_status_created',
    run: (manager) => organizations(manager).pageByStatus('archived', PAGE),
  }),
  contract({
    name: 'organization whose domain is taken',
    index: 'idx_organizations_domain',
    run: async (manager, { organizationDomain: domain }) => {
      await requireRefusal(manager, () => organizations(manager).create({ name: 'Again', domain }));
      await organizations(manager).findByDomain(domain);
    },
  }),
  contract({
    name: 'organization whose external id is taken',
    index: 'idx_organizations_external_id',
    run: async (manager, { organizationExternalId: externalId }) => {
      await requireRefusal(manager, () => organizations(manager).create({ name: 'Again', externalId }));
      await organizations(manager).findByExternalId(externalId);
    },
  }),
  contract({
    name: 'new organization',
    index: 'organizations_pkey',
    maxBuffers: 42,
    because: `${NEW_ROW}, one of which may have to be split; ${OF_POLICIES}`,
    run: async (manager) => {
      const { id } = await organizations(manager).create({
        name: 'Of a contract',
        domain: 'contract.example',
      });
      await organizations(manager).findById(id);
    },
  }),
  contract({
    name: 'change of an organization that was read',
    index: 'organizations_pkey',
    maxBuffers: 220,
    because: `the new version of the row enters every index, and so does that of each API key that rests, 45 pages with the look whether somebody is served: with 5,000,000 events it has three; ${OF_POLICIES}`,
    growth: 'where there is more of everything, a median organization has more keys',
    run: (manager, { medianOrganizationId }) =>
      organizations(manager).update(medianOrganizationId, { status: 'suspended' }, [1]),
  }),
  contract({
    name: 'organization that is deleted, with what goes with it',
    index: ['organizations_pkey', 'idx_user_orgs_org_role', 'idx_api_keys_org_status'],
    run: (manager, { medianOrganizationId }) =>
      manager.query('delete from organizations where id = $1', [medianOrganizationId]),
    maxBuffers: 200,
    because:
      'its memberships and API keys are found and deleted by the foreign keys, and each membership, about ten pages, looks for keys that end with it: with 5,000,000 events there are twelve, and four keys',
    growth: 'where there is more of everything, a median organization has more memberships and keys',
  }),
  contract({
    name: 'activity of the largest organization',
    index: 'organization_activity_pkey',
    maxBuffers: 250,
    because: 'a type has a row for each worker that ever counted it beside others, and they lie apart',
    growth: 'with more events, each of the workers has met each of the types',
    allows: { sort: 'these rows are put together by type, and types into the order of their counts' },
    run: (manager, { largestOrganizationId }) =>
      new OrganizationActivityRepository(manager).listByOrganization(largestOrganizationId),
  }),
];
