export type {
  DatabaseEventSource,
  StatementReading,
  TransactionReading,
} from './database/database-events';
export { createStatementDescriber } from './database/describe-statement';
export { createLogger, type LoggerOptions } from './log/create-logger';
export {
  LOG_FORMATS,
  LOG_LEVELS,
  type LogFields,
  type LogFormat,
  type Logger,
  type LogLevel,
} from './log/logger';
export { logSlowQueries, type SlowQueriesOptions } from './log/slow-queries';
export type { AdmissionClassReading, AdmissionReading } from './metrics/admission-metrics';
export {
  createMetrics,
  type HttpRequestReading,
  type Metrics,
  type MetricsOptions,
} from './metrics/create-metrics';
export type { EventBacklogReading } from './metrics/event-gauges';
export type { PoolReading, PoolReadings } from './metrics/pool-gauges';
export { type RequestContext, readRequestContext, runWithRequestContext } from './request-context';
export { InvalidOptionError } from './require-number';
export { type DatabaseSpansOptions, type ServerAddress, traceDatabase } from './tracing/database-spans';
