import { defineContract, type QueryContract } from '@holdfast/online-schema';
import type { EntityManager } from 'typeorm';
import { EventRepository } from '../repositories/event.repository';
import { PAGE, readTwoPages } from './next-page';
import { OF_POLICIES } from './of-policies';
import type { ContractSample } from './sample';

const contract = defineContract<ContractSample>;
const events = (manager: EntityManager) => new EventRepository(manager);

const OF_A_TAG = `a list of the index of tags is read from its root, with what waits to enter it, and ${OF_POLICIES}`;

/** What questions about written events cost. */
export const EVENT_CONTRACTS: readonly QueryContract<ContractSample>[] = [
  contract({
    name: 'event by id',
    index: 'idx_events_id',
    run: (manager, { eventId }) => events(manager).findById(eventId),
  }),
  contract({
    name: 'stream, from its start',
    index: 'idx_events_aggregate_timeline',
    run: (manager, { longStream: { aggregateType, aggregateId } }) =>
      events(manager).readStream(aggregateType, aggregateId, PAGE),
  }),
  contract({
    name: 'stream, from a version on',
    index: 'idx_events_aggregate_timeline',
    run: (manager, { longStream: { aggregateType, aggregateId, version } }) =>
      events(manager).readStream(aggregateType, aggregateId, {
        ...PAGE,
        fromVersion: Math.ceil(version / 2),
      }),
  }),
  contract({
    name: 'stream of two events',
    index: 'idx_events_aggregate_timeline',
    run: (manager, { shortStream: { aggregateType, aggregateId } }) =>
      events(manager).readStream(aggregateType, aggregateId),
  }),
  contract({
    name: 'events of a frequent type, two pages',
    index: 'idx_events_type_timeline',
    run: (manager, { frequentType }) =>
      readTwoPages((page) => events(manager).pageByType(frequentType, page)),
  }),
  contract({
    name: 'events of a rare type, first page',
    index: 'idx_events_type_timeline',
    run: (manager, { rareType }) => events(manager).pageByType(rareType, PAGE),
  }),
  contract({
    name: 'events of the largest organization, two pages',
    index: 'idx_events_org_timeline',
    run: (manager, { largestOrganizationId }) =>
      readTwoPages((page) => events(manager).pageByOrganization(largestOrganizationId, page)),
  }),
  contract({
    name: 'events of a median organization, first page',
    index: 'idx_events_org_timeline',
    run: (manager, { medianOrganizationId }) =>
      events(manager).pageByOrganization(medianOrganizationId, PAGE),
  }),
  contract({
    name: 'events of a frequent type of the largest organization, two pages',
    index: 'idx_events_org_type_timeline',
    run: (manager, { largestOrganizationId, frequentType: eventType }) =>
      readTwoPages((page) =>
        events(manager).pageByOrganization(largestOrganizationId, { ...page, eventType }),
      ),
  }),
  contract({
    name: 'events of a rare type of the largest organization, first page',
    index: 'idx_events_org_type_timeline',
    run: (manager, { largestOrganizationId, rareType: eventType }) =>
      events(manager).pageByOrganization(largestOrganizationId, { ...PAGE, eventType }),
  }),
  contract({
    name: 'events of a service account, two pages',
    index: 'idx_events_user_timeline',
    run: (manager, { serviceAccountId }) =>
      readTwoPages((page) => events(manager).pageByUser(serviceAccountId, page)),
  }),
  contract({
    name: 'events of a person, first page',
    index: 'idx_events_user_timeline',
    run: (manager, { personId }) => events(manager).pageByUser(personId, PAGE),
  }),
  contract({
    name: 'events of a frequent type of a service account, two pages',
    index: 'idx_events_user_type_timeline',
    run: (manager, { serviceAccountId, frequentType: eventType }) =>
      readTwoPages((page) => events(manager).pageByUser(serviceAccountId, { ...page, eventType })),
  }),
  contract({
    name: 'events of a rare type of a service account, first page',
    index: 'idx_events_user_type_timeline',
    run: (manager, { serviceAccountId, rareType: eventType }) =>
      events(manager).pageByUser(serviceAccountId, { ...PAGE, eventType }),
  }),
  contract({
    name: 'events of an operation',
    index: 'idx_events_correlation',
    run: (manager, { correlationId }) => events(manager).listByCorrelation(correlationId),
  }),
  contract({
    name: 'events that wait for a worker',
    index: 'idx_events_unprocessed',
    run: (manager) => events(manager).listUnprocessed(PAGE.limit),
  }),
  contract({
    name: 'events with a rare tag, first page',
    index: 'idx_events_tags',
    maxBuffers: 22,
    because: OF_A_TAG,
    run: (manager, { rareTag }) => events(manager).pageByTags([rareTag], PAGE),
  }),
  contract({
    name: 'events with a tag that nobody has, a page of one',
    index: 'idx_events_tags',
    maxBuffers: 22,
    because: OF_A_TAG,
    run: (manager) => events(manager).pageByTags(['nobody:has'], { limit: 1 }),
  }),
  contract({
    name: 'events with a rare and a frequent tag, first page',
    index: 'idx_events_tags',
    maxBuffers: 26,
    because: `two lists of the index of tags are read, each from its root, and ${OF_POLICIES}`,
    run: (manager, { rareTag, frequentTag }) => events(manager).pageByTags([rareTag, frequentTag], PAGE),
  }),
  contract({
    name: 'events with a frequent tag, two pages',
    index: 'idx_events_global_position',
    run: (manager, { frequentTag }) =>
      readTwoPages((page) => events(manager).pageByTags([frequentTag], page)),
  }),
];
