export {
  BulkColumnTypeError,
  BulkIdError,
  type BulkIdRefusal,
  BulkRowError,
  type BulkRowRefusal,
  CopyFailedError,
} from './bulk/bulk-error';
export type { BulkRow } from './bulk/bulk-row';
export { BulkWriteError } from './bulk/bulk-write-error';
export { COPY_IN_DEFAULTS, type CopyInOptions, type CopyInResult, copyIn } from './bulk/copy-in';
export { type CopyTable, type CopyValue, copyRows } from './bulk/copy-rows';
export type { EntityId } from './bulk/entity-id';
export { FIND_BY_IDS_DEFAULTS, type FindByIdsOptions, findByIds } from './bulk/find-by-ids';
export {
  INSERT_MANY_DEFAULTS,
  type InsertManyOptions,
  type InsertManyResult,
  insertMany,
  type Returning,
} from './bulk/insert-many';
export { createLoader, LOADER_DEFAULTS, type Loader, type LoaderOptions } from './bulk/loader';
export type { ManagerSource } from './bulk/run-statements';
export {
  UPSERT_MANY_DEFAULTS,
  type UpsertManyOptions,
  type UpsertManyResult,
  upsertMany,
} from './bulk/upsert-many';
export {
  type ConnectionFailureCode,
  DatabaseConnectionError,
  describeConnectionFailure,
} from './connection/connection-failure';
export { ConnectionLostError } from './connection/connection-lost-error';
export { type ConnectionTarget, readConnectionTarget, redactUrl } from './connection/connection-target';
export { createPostgresDataSource } from './data-source/data-source';
export type { PassedThroughOptions, PostgresDataSourceSettings } from './data-source/data-source-settings';
export { closeDataSource, type OpenOptions, openDataSource } from './data-source/open-data-source';
export {
  DataSourceNotOpenError,
  ForeignDataSourceError,
  readEvents,
  readReplicaStats,
} from './data-source/pool-registry';
export { ProbeTimeoutError, probeServer, type ServerProbe } from './data-source/probe';
export {
  type CacheStats,
  type EntityCaches,
  type PoolCaches,
  readCacheStats,
} from './data-source/read-cache-stats';
export { readPoolStats } from './data-source/read-pool-stats';
export type {
  OperationEvent,
  PostgresEmitter,
  PostgresEvents,
  RemovalReason,
  TransactionEvent,
  TransactionOutcome,
} from './events/postgres-events';
export type { ExplainOptions } from './explain/explain-call';
export type { ExplainedPlan, Explanation } from './explain/explanation';
export type { PlanNode } from './explain/plan-node';
export { renderExplanation } from './explain/render-explanation';
export {
  type CloseReport,
  ConnectionManager,
  type ConnectionManagerEvents,
} from './manager/connection-manager';
export type { ConnectionTest } from './manager/connection-probe';
export {
  ConnectionManagerExistsError,
  ConnectionManagerMissingError,
  TransactionLeftOpenError,
} from './manager/manager-error';
export type {
  ConnectionHealth,
  EnvironmentPoolStats,
  ManagerEvents,
  PoolAlert,
  PoolAlertKind,
} from './manager/manager-events';
export { CONNECTION_MANAGER_DEFAULTS, type ConnectionManagerOptions } from './manager/manager-options';
export { createConnectionManager, getConnectionManager } from './manager/manager-registry';
export type { TransactionRunner } from './manager/transaction-runner';
export type { WithConnectionOptions } from './manager/with-connection';
export type { CutConnection } from './pool/cut-connection';
export {
  ConnectionReleasedError,
  ConnectTimeoutError,
  PoolClosedError,
  PoolExhaustedError,
  type PoolExhaustedFacts,
  SettingsNotSentError,
} from './pool/pool-error';
export { POOL_DEFAULTS, type PoolSettings, requirePoolSettings } from './pool/pool-settings';
export type { PoolStats } from './pool/pool-stats';
export { queryAs } from './query/query-as';
export { type RowIssue, RowMismatchError } from './query/row-mismatch-error';
export type { RowSchema } from './query/row-schema';
export { type MemberState, NoPrimaryError } from './replicas/no-primary-error';
export { createReadSession, type ReadSession, withReadSession } from './replicas/read-session';
export { readSessionLsn } from './replicas/read-session-lsn';
export type { ReplicaState, ReplicaStats } from './replicas/replica';
export { REPLICA_DEFAULTS, type ReplicaSettings } from './replicas/replica-settings';
export type {
  ConditionOptions,
  EntityRepository,
  EntityRow,
  FindOptions,
  Page,
  PageOptions,
  QueryOptions,
  ReadOptions,
  StreamOptions,
  UpsertOptions,
} from './repository/entity-repository';
export { watchStatements } from './repository/pass-statement';
export { createRepository } from './repository/repository';
export { RowSuppressedError } from './repository/row-suppressed-error';
export { StreamOpenError } from './repository/stream-gate';
export { UnsupportedEntityError } from './repository/unsupported-entity-error';
export {
  createGroupCommit,
  GROUP_COMMIT_DEFAULTS,
  type GroupCommit,
  type GroupCommitOptions,
  type GroupedAnswer,
  type GroupedStatementOptions,
} from './sharing/group-commit';
export {
  createSharedLookUps,
  type LookUpOptions,
  SHARED_LOOK_UPS_DEFAULTS,
  type SharedLookUps,
  type SharedLookUpsOptions,
} from './sharing/shared-look-ups';
export type { CacheFill } from './statements/cache-fill';
export { CUSTOM_PLAN } from './statements/custom-plan';
export type { LocalSettings } from './statements/local-settings';
export type { Pooler, StatementSettings } from './statements/statement-settings';
export {
  AmbiguousOutcomeError,
  type AmbiguousOutcomeFacts,
  type UnresolvedReason,
} from './transactions/ambiguous-outcome-error';
export { ISOLATION_LEVELS, type IsolationLevel } from './transactions/begin';
export type { LastAnswer, LastWrite } from './transactions/last-write';
export {
  OUTCOME_LEDGER_DEFAULTS,
  type OutcomeLedger,
  type OutcomeLedgerOptions,
  outcomeLedger,
} from './transactions/outcome-ledger';
export { OutcomeLedgerError } from './transactions/outcome-ledger-error';
export { ReadOnlyTransactionError } from './transactions/read-only-transaction-error';
export type { AfterCommitHook, Transaction, TransactionWork } from './transactions/transaction';
export { TransactionAbortedError } from './transactions/transaction-aborted-error';
export { TransactionControlError } from './transactions/transaction-control-error';
export { TransactionEndedError } from './transactions/transaction-ended-error';
export { createUnitOfWork, type UnitOfWork } from './transactions/unit-of-work';
export {
  type RunOptions,
  UNIT_OF_WORK_DEFAULTS,
  type UnitOfWorkOptions,
} from './transactions/unit-of-work-options';
