import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { type PoolReading, registerPoolGauges } from './pool-gauges';

export interface MetricsOptions {
  /** Reads the connection pool, once per gauge and scrape. Without it there are no pool gauges. */
  readonly readPool?: () => PoolReading;
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
  /** Everything measured so far, in the Prometheus text format. */
  render(): Promise<string>;
  observeHttpRequest(request: HttpRequestReading): void;
}

/** Bounds in seconds, those that OpenTelemetry advises for HTTP durations. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/**
 * Makes a registry of its own, with the metrics of the process (memory, event loop, garbage collection) and of HTTP
 * requests, and the pool's where it is given. Nothing in it keeps the process alive.
 */
export function createMetrics({ readPool }: MetricsOptions = {}): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const durations = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'Time from the request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: DURATION_BUCKETS,
    registers: [registry],
  });
  if (readPool !== undefined) registerPoolGauges(registry, readPool);
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    observeHttpRequest: ({ method, route, status, durationMs }) =>
      durations.observe({ method, route, status: String(status) }, durationMs / 1_000),
  };
}
