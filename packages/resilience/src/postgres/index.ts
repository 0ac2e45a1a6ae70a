export { type Classification, classify, type Verdict } from './classify';
export { type DatabaseCircuitBreakerOptions, databaseCircuitBreaker } from './database-circuit-breaker';
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
export {
  FAILURES_BY_CLASS,
  FAILURES_BY_CODE,
  FAILURES_BY_ROUTINE,
  FAILURES_BY_TEXT,
} from './failure-table';
export { PHASES, type Phase, readPhase, tagPhase } from './phase';
export {
  isDatabaseFailure,
  isTransient,
  isUnavailable,
  isUniqueViolation,
  type ServerRole,
} from './predicates';
