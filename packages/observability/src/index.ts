export { createLogger, type LoggerOptions } from './log/create-logger';
export {
  LOG_FORMATS,
  LOG_LEVELS,
  type LogFields,
  type LogFormat,
  type Logger,
  type LogLevel,
} from './log/logger';
export {
  createMetrics,
  type HttpRequestReading,
  type Metrics,
  type MetricsOptions,
} from './metrics/create-metrics';
export type { PoolReading } from './metrics/pool-gauges';
export { type RequestContext, readRequestContext, runWithRequestContext } from './request-context';
