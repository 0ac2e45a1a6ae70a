import { defineContract, type QueryContract } from '@holdfast/online-schema';
import type { EntityManager } from 'typeorm';
import { appendEvents } from '../event-store/append';
import { IdempotencyKeyReusedError } from '../event-store/idempotency-key-reused-error';
import { newId } from '../new-id';
import { EventRepository } from '../repositories/event.repository';
import { OF_POLICIES } from './of-policies';
import { requireRefusal } from './require-refusal';
import type { ContractSample } from './sample';

const contract = defineContract<ContractSample>;
const event = { eventType: 'contract.checked', payload: {} };
const BECAUSE = `one row is written to the table and into each of its twelve indexes, two or three pages each, besides looking for the version; ${OF_POLICIES}`;
/** Thirteen pages with 5,000,000 events. */
const EARLIER = `version and earlier append are looked up from the roots of their indexes, and ${OF_POLICIES}`;

/** What appends to streams cost. */
export const APPEND_CONTRACTS: readonly QueryContract<ContractSample>[] = [
  contract({
    name: 'append to a new stream',
    index: 'idx_events_aggregate_timeline',
    maxBuffers: 52,
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
    maxBuffers: 52,
    because: BECAUSE,
    run: (manager, { longStream: { version, ...stream } }) =>
      appendEvents(manager, { ...stream, expectedVersion: version, events: [event] }),
  }),
  contract({
    name: 'append of two events to a new stream',
    index: 'idx_events_aggregate_timeline',
    maxBuffers: 90,
    because: `two rows are written; ${BECAUSE}`,
    run: (manager) =>
      appendEvents(manager, {
        aggregateType: 'order',
        aggregateId: newId(),
        expectedVersion: 0,
        events: [event, event],
      }),
  }),
  contract({
    name: 'append to a version that is taken',
    index: 'idx_events_aggregate_timeline',
    run: refuseTakenPlace,
  }),
  contract({
    name: 'append with an idempotency key that is being used',
    index: 'idx_events_idempotency',
    maxBuffers: 16,
    because: EARLIER,
    run: refuseTakenKey,
  }),
  contract({
    name: 'append with an idempotency key that was used',
    index: ['idx_events_aggregate_timeline', 'idx_events_idempotency'],
    maxBuffers: 16,
    because: EARLIER,
    run: refuseReuse,
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

const INSERT = `
  insert into events (
    aggregate_type, aggregate_id, aggregate_version, id, event_type, event_timestamp, idempotency_key, payload
  )
  values ($1, $2, $3, $4, 'contract.checked', now(), $5, '{}')`;

/** As of two appends that saw the same version: only the unique index is in the way of the second. */
async function refuseTakenPlace(manager: EntityManager, { longStream }: ContractSample): Promise<void> {
  const { aggregateType, aggregateId, version } = longStream;
  await requireRefusal(manager, () =>
    manager.query(INSERT, [aggregateType, aggregateId, version, newId(), null]),
  );
  await new EventRepository(manager).readStream(aggregateType, aggregateId, { fromVersion: version });
}

/** As of an append and its repetition, on their way at once. */
async function refuseTakenKey(manager: EntityManager, sample: ContractSample): Promise<void> {
  const { aggregateType, aggregateId, idempotencyKey } = sample.keyedEvent;
  await requireRefusal(manager, () =>
    manager.query(INSERT, [aggregateType, aggregateId, 1_000_000, newId(), idempotencyKey]),
  );
  await refuseReuse(manager, sample);
}
