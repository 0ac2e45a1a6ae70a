export { type Classification, classify, type Verdict } from './classify';
export {
  DATABASE_RETRY_DEFAULTS,
  type DatabaseRetryContext,
  databaseRetry,
  TRANSACTION_RETRY_DEFAULTS,
  transactionRetry,
  withDatabaseRetry,
  withTransactionRetry,
} from './database-retry';
export type { BreakerColumn, EvictColumn, FailureKind, FailureRow } from './failure-row';
export { PHASES, type Phase, readPhase, tagPhase } from './phase';
export { isTransient, isUnavailable } from './predicates';
