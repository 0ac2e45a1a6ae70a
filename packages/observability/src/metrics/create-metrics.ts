import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { DatabaseEventSource } from '../database/database-events';
import { type AdmissionReading, registerAdmissionMetrics } from './admission-metrics';
import { registerDatabaseMetrics } from './database-metrics';
import { type EventBacklogReading, registerEventGauges } from './event-gauges';
import { type PoolReading, type PoolReadings, registerPoolGauges } from './pool-gauges';

export interface MetricsOptions {
  /** Reads the only connection pool, at every scrape; it is shown under the name `primary`. */
  readonly readPool?: () => PoolReading;
  /** Reads all connection pools by name, at every scrape. Wins over `readPool`; without either there are no pool gauges. */
  readonly readPools?: () => PoolReadings;
  /** Whose connections, statements and units of work are measured. */
  readonly database?: DatabaseEventSource;
  /** Reads what is let in and refused, at every scrape. */
  readonly readAdmission?: () => AdmissionReading;
  /** Reads what waits for workers, at every scrape; undefined when it is not known. */
  readonly readBacklog?: () => EventBacklogReading | undefined;
}

/** One request that was answered. */
export interface HttpRequestReading {
  readonly method: string;
  /** The route's pattern, not the path: a path with ids in it would make a series per id. */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
}

export interface Metrics {
  /** Media type of what `render` gives. */
  readonly contentType: string;
  /** Everything measured so far, in the Prometheus text format. Pools that cannot be read now are left out. */
  render(): Promise<string>;
  observeHttpRequest(request: HttpRequestReading): void;
}

/** Bounds in seconds, those that OpenTelemetry advises for HTTP durations. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/**
 * Makes a registry of its own, with the metrics of the process (memory, event loop, garbage collection) and of HTTP
 * requests, and those of the pools and of the database where they are given. Nothing in it keeps the process alive.
 */
export function createMetrics({
  readPool,
  readPools,
  database,
  readAdmission,
  readBacklog,
}: MetricsOptions = {}): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const durations = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'Time from the request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: DURATION_BUCKETS,
    registers: [registry],
  });
  const databaseMetrics = database && registerDatabaseMetrics(registry, database);
  const read = readPools ?? (readPool && (() => ({ primary: readPool() })));
  const showPools = read && registerPoolGauges(registry);
  const showAdmission = readAdmission && registerAdmissionMetrics(registry);
  const showEvents = readBacklog && registerEventGauges(registry);
  return {
    contentType: registry.contentType,
    render() {
      if (read !== undefined && showPools !== undefined) {
        const pools = readIfOpen(read);
        showPools(pools);
        for (const pool of Object.keys(pools)) databaseMetrics?.introduce(pool);
      }
      if (readAdmission !== undefined) showAdmission?.(readAdmission());
      if (readBacklog !== undefined) showEvents?.(readBacklog());
      return registry.metrics();
    },
    observeHttpRequest: ({ method, route, status, durationMs }) =>
      durations.observe({ method, route, status: String(status) }, durationMs / 1_000),
  };
}

/** A pool that is closed throws; the process and its requests are worth a look just then. */
function readIfOpen(read: () => PoolReadings): PoolReadings {
  try {
    return read();
  } catch {
    return {};
  }
}
