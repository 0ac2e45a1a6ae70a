import { Counter, Histogram, type Registry } from 'prom-client';
import { POOL } from './pool-gauges';

/** Bounds in seconds, those that OpenTelemetry advises for database operations. */
const OPERATION_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
/** It advises none for connections. A wait or a unit of work may last as long as its deadline, which may be a minute. */
const CONNECTION_BUCKETS = [...OPERATION_BUCKETS, 30, 60];

/**
 * Makes the instruments of a database client. `db_client_*` are OpenTelemetry's semantic conventions spelled for
 * Prometheus, with the pool as a label of operations too; `holdfast_db_*` are our own.
 */
export function createDatabaseInstruments(registry: Registry) {
  const createHistogram = (
    name: string,
    help: string,
    labelNames: readonly string[] = [],
    buckets = CONNECTION_BUCKETS,
  ) => new Histogram({ name, help, labelNames: [POOL, ...labelNames], buckets, registers: [registry] });
  const createCounter = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Counter({ name, help, labelNames: [POOL, ...labelNames], registers: [registry] });
  return {
    createTime: createHistogram('db_client_connection_create_time_seconds', 'Time to open a connection.'),
    waitTime: createHistogram(
      'db_client_connection_wait_time_seconds',
      'Time that callers waited for the connection they got.',
    ),
    useTime: createHistogram(
      'db_client_connection_use_time_seconds',
      'Time that callers kept their connection.',
    ),
    timeouts: createCounter(
      'db_client_connection_timeouts_total',
      'Callers that got no connection in their time.',
    ),
    operations: createHistogram(
      'db_client_operation_duration_seconds',
      'Time from sending a statement to the end of its answer.',
      ['db_system_name', 'db_operation_name', 'error_type'],
      OPERATION_BUCKETS,
    ),
    failures: createCounter(
      'holdfast_db_connection_failures_total',
      'Attempts to open a connection that failed, by error.',
      ['error_type'],
    ),
    acquireFailures: createCounter(
      'holdfast_db_connection_acquire_failures_total',
      'Callers that got no connection, by error.',
      ['error_type'],
    ),
    removals: createCounter(
      'holdfast_db_connection_removals_total',
      'Connections that left the pool, by reason.',
      ['reason'],
    ),
    leaks: createCounter(
      'holdfast_db_connection_leaks_total',
      'Connections that a caller held for longer than is allowed.',
    ),
    transactions: createHistogram(
      'holdfast_db_transaction_duration_seconds',
      'Time of units of work with all their attempts and waits, by outcome.',
      ['outcome'],
    ),
    attempts: createCounter(
      'holdfast_db_transaction_attempts_total',
      'Transactions begun; more than units of work where some were repeated.',
    ),
    resolutions: createCounter(
      'holdfast_db_transactions_resolved_total',
      'Units of work whose outcome became known although the answer to COMMIT was lost.',
      ['resolved_by'],
    ),
  };
}
