import { Gauge, type Registry } from 'prom-client';

/** What a connection pool says of itself at one moment. */
export interface PoolReading {
  readonly used: number;
  /** Open and not in use. */
  readonly free: number;
  /** Callers that wait for a connection. */
  readonly waiting: number;
  readonly min: number;
  readonly max: number;
}

/** Pools by name. */
export type PoolReadings = Readonly<Record<string, PoolReading>>;

/** The label that says which pool a series is of, on everything that has one. */
export const POOL = 'db_client_connection_pool_name';
const STATE = 'db_client_connection_state';

/**
 * Registers the gauges of connection pools and returns what sets them. Names: OpenTelemetry's semantic conventions for
 * database client connections, spelled for Prometheus. A pool that is not among the readings any more loses its series.
 */
export function registerPoolGauges(registry: Registry): (pools: PoolReadings) => void {
  const registers = [registry];
  const count = new Gauge({
    name: 'db_client_connection_count',
    help: 'Connections that are open, by state.',
    labelNames: [POOL, STATE],
    registers,
  });
  const createGauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: [POOL], registers });
  const max = createGauge('db_client_connection_max', 'Most connections the pool may open.');
  const idleMin = createGauge(
    'db_client_connection_idle_min',
    'Connections the pool keeps open when nobody needs them.',
  );
  const idleMax = createGauge(
    'db_client_connection_idle_max',
    'Most connections that may be open and idle: as many as the pool may open.',
  );
  const pending = createGauge('db_client_connection_pending_requests', 'Callers that wait for a connection.');

  return (pools) => {
    for (const gauge of [count, max, idleMin, idleMax, pending]) gauge.reset();
    for (const [pool, reading] of Object.entries(pools)) {
      const labels = { [POOL]: pool };
      count.set({ ...labels, [STATE]: 'used' }, reading.used);
      count.set({ ...labels, [STATE]: 'idle' }, reading.free);
      max.set(labels, reading.max);
      idleMin.set(labels, reading.min);
      idleMax.set(labels, reading.max);
      pending.set(labels, reading.waiting);
    }
  };
}
