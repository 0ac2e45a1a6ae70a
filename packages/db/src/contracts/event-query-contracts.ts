import { defineContract, type QueryContract } from '@holdfast/online-schema';
import type { EntityManager } from 'typeorm';
import type { EventQuery } from '../event-store/event-query';
import { readByQuery } from '../event-store/read-by-query';
import { askAsKey } from './as-key';
import { PAGE } from './next-page';
import { OF_POLICIES } from './of-policies';
import type { ContractSample } from './sample';

const contract = defineContract<ContractSample>;

const OF_A_TAG = `a list of the index of tags is read from its root, with what waits to enter it, and ${OF_POLICIES}`;
const OF_A_TYPE = 'all events of the type are read, and put into the order of positions';

/** What the questions that decisions rest on cost. */
export const EVENT_QUERY_CONTRACTS: readonly QueryContract<ContractSample>[] = [
  contract({
    name: 'events by query: a rare tag',
    index: 'idx_events_tags',
    maxBuffers: 24,
    because: OF_A_TAG,
    run: (manager, { rareTag }) => readByQuery(manager, [{ tags: [rareTag] }], PAGE),
  }),
  contract({
    name: 'events by query: a tag that nobody has, a part of one',
    index: 'idx_events_tags',
    maxBuffers: 24,
    because: OF_A_TAG,
    run: (manager) => readByQuery(manager, [{ tags: ['nobody:has'] }], { limit: 1 }),
  }),
  contract({
    name: 'events by query: a frequent type with a rare tag',
    index: 'idx_events_tags',
    maxBuffers: 24,
    because: OF_A_TAG,
    run: (manager, { frequentType, rareTag }) =>
      readByQuery(manager, [{ types: [frequentType], tags: [rareTag] }], PAGE),
  }),
  contract({
    name: 'events by query: a rare type',
    index: 'idx_events_type_timeline',
    maxBuffers: 400,
    because: OF_A_TYPE,
    growth: OF_A_TYPE,
    run: (manager, { rareType }) => readByQuery(manager, [{ types: [rareType] }], PAGE),
  }),
  contract({
    name: 'events by query: a rare tag or a rare type',
    index: ['idx_events_tags', 'idx_events_type_timeline'],
    maxBuffers: 400,
    because: OF_A_TYPE,
    growth: OF_A_TYPE,
    run: (manager, { rareTag, rareType }) =>
      readByQuery(manager, [{ tags: [rareTag] }, { types: [rareType] }], PAGE),
  }),
  contract({
    name: 'events by query: a frequent type, two parts',
    index: 'idx_events_global_position',
    maxBuffers: 120,
    because: `of the events that are passed over a tenth has the type, and ${OF_POLICIES}`,
    growth: 'how many events of other types lie between is chance',
    run: (manager, { frequentType }) => readTwoParts(manager, [{ types: [frequentType] }]),
  }),
  contract({
    name: 'events by query: a frequent tag or several types, two parts',
    index: 'idx_events_global_position',
    run: (manager, { frequentTag, frequentType, rareType }) =>
      readTwoParts(manager, [{ tags: [frequentTag] }, { types: [frequentType, rareType] }]),
  }),
  contract({
    name: 'events by query: a frequent tag, of an organization with hardly an event',
    index: 'idx_events_org_timeline',
    maxBuffers: 30,
    because: `its few events are all read, and ${OF_POLICIES}`,
    run: async (manager, { smallTenantKeyHash, frequentTag }) => {
      await askAsKey(manager, smallTenantKeyHash);
      await readByQuery(manager, [{ tags: [frequentTag] }], PAGE);
    },
  }),
];

/** @throws Error where one part holds all: nothing would be shown. */
async function readTwoParts(manager: EntityManager, query: EventQuery): Promise<void> {
  const { nextCursor } = await readByQuery(manager, query, PAGE);
  if (nextCursor === null) throw new Error('the sample has no second part');
  await readByQuery(manager, query, { ...PAGE, cursor: nextCursor });
}
