import { defineContract, type QueryContract } from '@holdfast/online-schema';
import { appendToStreams } from '../event-store/append-to-streams';
import { readByQuery } from '../event-store/read-by-query';
import { LOG_START } from '../log/log-cursor';
import { readPositions } from '../log/read-log';
import { watermarkOf } from '../log/watermarks';
import { newId } from '../new-id';
import { PAGE } from './next-page';
import { OF_POLICIES } from './of-policies';
import type { ContractSample } from './sample';

const contract = defineContract<ContractSample>;

const WRITES = 'a row is written to the table and into each of its indexes, from their roots';

/** One event for a new stream. */
const streamWith = (tag: string) => ({
  aggregateType: 'order',
  aggregateId: newId(),
  expectedVersion: 0,
  events: [{ eventType: 'contract.checked', payload: {}, tags: [tag] }],
});

/** What reading the log and deciding from it cost. */
export const LOG_CONTRACTS: readonly QueryContract<ContractSample>[] = [
  contract({
    name: 'a stretch of the log',
    index: 'idx_events_global_position',
    // Three pages more with 100,000 events, and with 5,000,000, of which 50,000 are a hundredth, four or eight; executed, four and five.
    growth:
      'where the stretch is a hundredth of the log or less, the planner looks for the end of the index for both of its bounds, and the tree is a level deeper',
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
    maxBuffers: 24,
    because: `a list of the index of tags is read from its root, with what waits to enter it, and ${OF_POLICIES}`,
    run: (manager, { rareTag }) => readByQuery(manager, [{ tags: [rareTag] }]),
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
];
