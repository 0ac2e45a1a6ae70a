import { defineContract, type QueryContract } from '@holdfast/online-schema';
import type { EntityManager } from 'typeorm';
import { appendEvents } from '../event-store/append';
import { IdempotencyKeyReusedError } from '../event-store/idempotency-key-reused-error';
import { newId } from '../new-id';
import type { ContractSample } from './sample';

const contract = defineContract<ContractSample>;
const event = { eventType: 'contract.checked', payload: {} };
const BECAUSE =
  'one row is written to the table and into each of its indexes, from their roots, besides looking for the version';

/** What appends to streams cost. */
export const APPEND_CONTRACTS: readonly QueryContract<ContractSample>[] = [
  contract({
    name: 'append to a new stream',
    index: 'idx_events_aggregate_timeline',
    maxBuffers: 80,
    because: BECAUSE,
    run: (manager) =>
      appendEvents(manager, {
        aggregateType: 'order',
        aggregateId: newId(),
        expectedVersion: 0,
        events: [event],
      }),
  }),
  contract({
    name: 'append to a long stream',
    index: 'idx_events_aggregate_timeline',
    maxBuffers: 80,
    because: BECAUSE,
    run: (manager, { longStream: { version, ...stream } }) =>
      appendEvents(manager, { ...stream, expectedVersion: version, events: [event] }),
  }),
  contract({
    name: 'append with an idempotency key that was used',
    index: ['idx_events_aggregate_timeline', 'idx_events_idempotency'],
    run: (manager, sample) => refuseReuse(manager, sample),
  }),
];

/** The sample cannot tell what else the earlier append held; that it is found is what counts. */
async function refuseReuse(manager: EntityManager, { keyedEvent }: ContractSample): Promise<void> {
  const { aggregateType, aggregateId, idempotencyKey, version } = keyedEvent;
  await appendEvents(manager, {
    aggregateType,
    aggregateId,
    expectedVersion: version - 1,
    events: [{ ...event, idempotencyKey }],
  }).catch((error: unknown) => {
    if (!(error instanceof IdempotencyKeyReusedError)) throw error;
  });
}
