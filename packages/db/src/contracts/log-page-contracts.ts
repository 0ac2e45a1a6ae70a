import { defineContract, type QueryContract } from '@holdfast/online-schema';
import type { EntityManager } from 'typeorm';
import { readLogEnd, readLogPage } from '../log/log-page';
import { watermarkOf } from '../log/watermarks';
import { askAsKey } from './as-key';
import { PAGE } from './next-page';
import { OF_POLICIES } from './of-policies';
import type { ContractSample } from './sample';

const contract = defineContract<ContractSample>;

/** What reading the log in pages, and finding its end, costs, as is done over HTTP. */
export const LOG_PAGE_CONTRACTS: readonly QueryContract<ContractSample>[] = [
  contract({
    name: 'log, two pages',
    index: 'idx_events_global_position',
    // Planned for its values a look costs three pages more with 100,000 events and eight with 5,000,000; executed, seven and nine.
    growth:
      'where the 10,000 positions of a look are less than a hundredth of the log, the planner looks for the end of the index for both of them, and the tree is a level deeper',
    run: readTwoLogPages,
  }),
  contract({
    name: 'log of the largest organization, two pages',
    index: 'idx_events_global_position',
    maxBuffers: 120,
    because: `of the events that are passed over a tenth is the organization's, and ${OF_POLICIES}`,
    growth: 'how many events of others lie between is chance',
    run: async (manager, { tenantKeyHash }) => {
      await askAsKey(manager, tenantKeyHash);
      await readTwoLogPages(manager);
    },
  }),
  contract({
    name: 'log of an organization with hardly an event, first page',
    index: 'idx_events_global_position',
    maxBuffers: 1_200,
    because: 'a look passes over 10,000 events of everybody at most',
    growth: 'a page has ten looks at most, of which few events fill one',
    run: async (manager, { smallTenantKeyHash }) => {
      await askAsKey(manager, smallTenantKeyHash);
      await settle(manager);
      await readLogPage(manager, PAGE);
    },
  }),
  contract({
    name: 'end of the log',
    index: 'idx_events_global_position',
    maxBuffers: 24,
    because: `the index is read from its root for one event, and ${OF_POLICIES}`,
    run: async (manager) => {
      await findEnd(manager);
    },
  }),
  contract({
    name: 'end of the log, of an organization with hardly an event',
    index: 'idx_events_global_position',
    maxBuffers: 1_200,
    because: 'a look passes over 10,000 events of everybody at most',
    growth: 'a look passes over as many, however many there are',
    run: async (manager, { smallTenantKeyHash }) => {
      await askAsKey(manager, smallTenantKeyHash);
      await findEnd(manager);
    },
  }),
];

/** In the transaction of a contract nothing is settled; what was settled before it counts. */
async function settle({ dataSource }: EntityManager): Promise<void> {
  await watermarkOf(dataSource).advance(dataSource.manager);
}

async function readTwoLogPages(manager: EntityManager): Promise<void> {
  await settle(manager);
  const { cursor, isAtEnd } = await readLogPage(manager, PAGE);
  if (isAtEnd) throw new Error('the log has no second page');
  await readLogPage(manager, { ...PAGE, after: cursor });
}

async function findEnd(manager: EntityManager): Promise<void> {
  await settle(manager);
  const { position } = await readLogEnd(manager);
  if (position === '0') throw new Error('nothing of the log is settled');
}
