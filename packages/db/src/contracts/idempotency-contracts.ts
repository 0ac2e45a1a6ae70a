import { defineContract, type QueryContract } from '@holdfast/online-schema';
import type { EntityManager } from 'typeorm';
import { newId } from '../new-id';
import { IdempotencyRepository } from '../repositories/idempotency.repository';
import { EVERY_TENANT } from '../tenancy/act-for';
import type { ContractSample } from './sample';

const contract = defineContract<ContractSample>;
const records = (manager: EntityManager) => new IdempotencyRepository(manager);

/** What it costs to do a request once. */
export const IDEMPOTENCY_CONTRACTS: readonly QueryContract<ContractSample>[] = [
  contract({
    name: 'record of an idempotency key',
    index: 'idempotency_keys_pkey',
    run: (manager) => records(manager).find({ scope: EVERY_TENANT, key: 'contract-4000' }),
  }),
  contract({
    name: 'idempotency keys that have expired, one batch',
    index: 'idx_idempotency_keys_expires',
    maxBuffers: 2_000,
    because: 'each of a hundred rows is locked and deleted',
    run: (manager) => records(manager).deleteExpired(100),
  }),
  contract({
    name: 'new record of an idempotency key',
    index: 'idempotency_keys_pkey',
    maxBuffers: 60,
    because: 'one row is written to the table and into each of its indexes, from their roots',
    run: (manager) =>
      records(manager).write({
        scope: EVERY_TENANT,
        key: newId(),
        fingerprint: Buffer.alloc(32),
        callId: newId(),
        status: 201,
        headers: {},
        body: '{}',
      }),
  }),
];
