import type { QueryContract } from '@holdfast/online-schema';
import { API_KEY_CONTRACTS } from './api-key-contracts';
import { APPEND_CONTRACTS } from './append-contracts';
import { EVENT_CONTRACTS } from './event-contracts';
import { EVENT_QUERY_CONTRACTS } from './event-query-contracts';
import { IDEMPOTENCY_CONTRACTS } from './idempotency-contracts';
import { IMPORT_CONTRACTS } from './import-contracts';
import { LOG_CONTRACTS } from './log-contracts';
import { LOG_PAGE_CONTRACTS } from './log-page-contracts';
import { MEMBERSHIP_CONTRACTS } from './membership-contracts';
import { ORGANIZATION_CONTRACTS } from './organization-contracts';
import type { ContractSample } from './sample';
import { USER_CONTRACTS } from './user-contracts';
import { WORKER_CONTRACTS } from './worker-contracts';

export { type ContractSample, readSample, SampleMissingError } from './sample';
export { WORKER_CONTRACTS } from './worker-contracts';

/** What every query of this package promises to cost, and the index that it relies on. */
export const CONTRACTS: readonly QueryContract<ContractSample>[] = Object.freeze([
  ...ORGANIZATION_CONTRACTS,
  ...USER_CONTRACTS,
  ...MEMBERSHIP_CONTRACTS,
  ...EVENT_CONTRACTS,
  ...APPEND_CONTRACTS,
  ...LOG_CONTRACTS,
  ...LOG_PAGE_CONTRACTS,
  ...EVENT_QUERY_CONTRACTS,
  ...WORKER_CONTRACTS,
  ...API_KEY_CONTRACTS,
  ...IDEMPOTENCY_CONTRACTS,
  // Last: of what they write and take back many dead rows are left, that others would pass over.
  ...IMPORT_CONTRACTS,
]);
