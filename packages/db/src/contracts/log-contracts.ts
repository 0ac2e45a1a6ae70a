import { defineContract, type QueryContract } from '@holdfast/online-schema';
import { appendToStreams } from '../event-store/append-to-streams';
import { readByQuery } from '../event-store/read-by-query';
import { LOG_START } from '../log/log-cursor';
import { readPositions } from '../log/read-log';
import { watermarkOf } from '../log/watermarks';
import { newId } from '../new-id';
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

/** One event for a new stream. */
const streamWith = (tag: string) => ({
  aggregateType: 'order',
  aggregateId: newId(),
  expectedVersion: 0,
  events: [{ eventType: 'contract.checked', payload: {}, tags: [tag] }],
});

/** What reading the log, deciding from it and working through it cost. */
export const LOG_CONTRACTS: readonly QueryContract<ContractSample>[] = [
  contract({
    name: 'a stretch of the log',
    index: 'idx_events_global_position',
    run: async (manager) => {
      const { settled } = await watermarkOf(manager.dataSource).advance(manager.dataSource.manager);
      await readPositions(manager, {
        from: LOG_START,
        to: { ...settled, position: '50000' },
        take: PAGE.limit,
      });
    },
  }),
  contract({
    name: 'decision model of a rare tag',
    index: 'idx_events_tags',
    run: (manager, { rareTag }) => readByQuery(manager, [{ tags: [rareTag] }]),
    allows: { sort: 'the index knows no order, and the tag is on few events' },
  }),
  contract({
    name: 'append to two streams',
    index: 'idx_events_aggregate_timeline',
    maxBuffers: 160,
    because: `twice: ${WRITES}`,
    run: (manager) => appendToStreams(manager, { streams: [streamWith('order:1'), streamWith('order:2')] }),
  }),
  contract({
    name: 'append under a condition, after what was read',
    index: 'idx_events_global_position',
    maxBuffers: 80,
    because: WRITES,
    allows: { sort: 'the index knows no order, and the tag is on few events' },
    run: async (manager, { rareTag }) => {
      // In the transaction of a contract nothing is settled.
      await watermarkOf(manager.dataSource).advance(manager.dataSource.manager);
      const query = [{ tags: [rareTag] }];
      const { after } = await readByQuery(manager, query);
      await appendToStreams(manager, { streams: [streamWith('order:3')], condition: { query, after } });
    },
  }),
  contract({
    name: 'append under a condition that nothing may match',
    index: 'idx_events_tags',
    maxBuffers: 80,
    because: WRITES,
    run: (manager) =>
      appendToStreams(manager, {
        streams: [streamWith('username:new')],
        condition: { query: [{ tags: ['username:new'] }] },
      }),
  }),
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
];
