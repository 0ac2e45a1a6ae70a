export {
  type ConnectionFailureCode,
  DatabaseConnectionError,
  describeConnectionFailure,
} from './connection-failure';
export { type ConnectionTarget, readConnectionTarget, redactUrl } from './connection-target';
export {
  createPostgresDataSource,
  type PassedThroughOptions,
  type PostgresDataSourceSettings,
} from './data-source';
export { closeDataSource, type OpenOptions, openDataSource } from './open-data-source';
export {
  ConnectTimeoutError,
  PoolClosedError,
  PoolExhaustedError,
  type PoolExhaustedFacts,
} from './pool-error';
export { DataSourceNotOpenError } from './pool-registry';
export { type PoolSettings, requirePoolSettings } from './pool-settings';
export type { PoolStats } from './pool-stats';
export { ProbeTimeoutError, probeServer, type ServerProbe } from './probe';
export { readPoolStats } from './read-pool-stats';
