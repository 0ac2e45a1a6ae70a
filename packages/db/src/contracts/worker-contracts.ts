import { defineContract, type QueryContract } from '@holdfast/online-schema';
import { newId } from '../new-id';
import { OrganizationActivityRepository } from '../repositories/organization-activity.repository';
import { claimByLeases, claimByLocks, isBacklog } from '../worker/claim-events';
import { listDeadLetters, replayDeadLetter } from '../worker/dead-letters';
import { markDone } from '../worker/mark-events';
import { PAGE, readTwoPages } from './next-page';
import type { ContractSample } from './sample';

const contract = defineContract<ContractSample>;

const WRITES = 'a row is written to the table and into each of its indexes, from their roots';
const BACKLOG =
  'of a longer backlog more events stand behind another one of their stream, which is looked up';
const CLAIMS =
  'four times as many events are looked at as are wanted, each with the one before it and its lease';

/** What working through the log costs. */
export const WORKER_CONTRACTS: readonly QueryContract<ContractSample>[] = [
  contract({
    name: 'is there anything for a worker',
    index: 'idx_events_unprocessed',
    run: (manager) => isBacklog(manager),
  }),
  contract({
    name: 'claim of a batch by locks',
    index: ['idx_events_unprocessed', 'idx_events_aggregate_timeline'],
    maxBuffers: 6_000,
    because: CLAIMS,
    growth: BACKLOG,
    run: (manager) => claimByLocks(manager, PAGE.limit),
  }),
  contract({
    name: 'claim of a batch by leases',
    index: ['idx_events_unprocessed', 'event_leases_pkey'],
    maxBuffers: 6_000,
    because: CLAIMS,
    growth: BACKLOG,
    run: (manager) => claimByLeases(manager, PAGE.limit, { token: newId(), leaseMs: 1_000 }),
  }),
  contract({
    name: 'end of a batch',
    index: 'idx_events_aggregate_timeline',
    maxBuffers: 160,
    because: `twice: ${WRITES}`,
    run: async (manager, { longStream, shortStream }) => {
      await markDone(
        manager,
        [longStream, shortStream].map(({ version, ...stream }) => ({ ...stream, aggregateVersion: version })),
      );
    },
  }),
  contract({
    name: 'dead letters, two pages',
    index: 'idx_events_dead_letters',
    run: (manager) => readTwoPages((page) => listDeadLetters(manager, page)),
  }),
  contract({
    name: 'replay of a dead letter',
    index: 'idx_events_id',
    run: (manager, { eventId }) => replayDeadLetter(manager, eventId),
  }),
  contract({
    name: 'event counted for its organization',
    index: 'organization_activity_pkey',
    maxBuffers: 30,
    because: 'a row that nobody holds is looked for, and then changed, each from the root of the index',
    run: (manager, { largestOrganizationId: organizationId, frequentType: eventType, now }) =>
      new OrganizationActivityRepository(manager).count({
        organizationId,
        eventType,
        globalPosition: '1',
        eventTimestamp: now,
      }),
  }),
];
