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

/**
 * Registers the pool's gauges, read anew at every scrape. Names: OpenTelemetry's semantic conventions for database
 * client connections, spelled for Prometheus.
 */
export function registerPoolGauges(registry: Registry, readPool: () => PoolReading): void {
  const registers = [registry];
  new Gauge({
    name: 'db_client_connection_count',
    help: 'Connections that are open, by state.',
    labelNames: ['state'],
    registers,
    collect() {
      const { used, free } = readPool();
      this.set({ state: 'used' }, used);
      this.set({ state: 'idle' }, free);
    },
  });
  new Gauge({
    name: 'db_client_connection_max',
    help: 'Most connections the pool may open.',
    registers,
    collect() {
      this.set(readPool().max);
    },
  });
  new Gauge({
    name: 'db_client_connection_idle_min',
    help: 'Connections the pool keeps open when nobody needs them.',
    registers,
    collect() {
      this.set(readPool().min);
    },
  });
  new Gauge({
    name: 'db_client_connection_pending_requests',
    help: 'Callers that wait for a connection.',
    registers,
    collect() {
      this.set(readPool().waiting);
    },
  });
}
