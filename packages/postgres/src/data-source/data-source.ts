import { MAX_TIMER_MS, readErrorCode, requireNumber, type StructuredLogger } from '@holdfast/resilience';
import pg, { type PoolConfig } from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { requireUrl } from '../connection/require-url';
import { createPostgresEmitter } from '../events/postgres-events';
import { HoldfastPool } from '../pool/pool';
import { type PoolSettings, requirePoolSettings } from '../pool/pool-settings';
import { createClusterPools, REPLICAS } from '../replicas/cluster-pools';
import type { ReplicaRouter } from '../replicas/replica-router';
import { type ReplicaSettings, requireReplicaSettings } from '../replicas/replica-settings';
import { requireStatementSettings, type StatementSettings } from '../statements/statement-settings';
import { type Registration, registerPools } from './pool-registry';

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

/** TypeORM's own settings that may be passed on; the rest is this package's business. */
export type PassedThroughOptions = Pick<
  PostgresOptions,
  'logging' | 'logger' | 'maxQueryExecutionTime' | 'namingStrategy' | 'subscribers' | 'schema'
>;

/** What a DataSource is made of. Nothing is read from the environment. */
export interface PostgresDataSourceSettings extends StatementSettings {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  readonly pool: PoolSettings;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  readonly entities: NonNullable<DataSourceOptions['entities']>;
  readonly migrations: NonNullable<DataSourceOptions['migrations']>;
  /** TLS; `sslmode` in the URL wins over it. */
  readonly ssl?: NonNullable<PostgresOptions['ssl']>;
  /** Set for every session that is ours when given (see `pooler`): an integer of at least 1, in milliseconds. */
  readonly statementTimeoutMs?: number;
  /** Told about idle connections that fail and connections that are cut. */
  readonly logger?: StructuredLogger;
  /**
   * Standbys of the server at `url`. Reads that TypeORM sends to a slave (repositories and select queries outside a
   * transaction) go to them, and connections to the primary go to whichever of all servers it is.
   */
  readonly replicas?: ReplicaSettings;
  readonly typeorm?: PassedThroughOptions;
}

/**
 * Creates a TypeORM DataSource on this package's pool. It is not connected: use `openDataSource`.
 *
 * The schema is never synchronized and no extension is installed behind the migrations' back. Migrations run in mode
 * `none`, each saying itself whether it wants a transaction, because only that lets CREATE INDEX CONCURRENTLY be run
 * and reverted. 64-bit integers stay strings.
 *
 * @throws InvalidOptionError when a setting of the pool or of statements is out of range.
 */
export function createPostgresDataSource(settings: PostgresDataSourceSettings): DataSource {
  const { applicationName, entities, migrations, ssl, statementTimeoutMs, logger } = settings;
  const url = requireUrl('url', settings.url);
  const pool = requirePoolSettings(settings.pool);
  if (statementTimeoutMs !== undefined) {
    requireNumber('statementTimeoutMs', statementTimeoutMs, { min: 1, max: MAX_TIMER_MS, integer: true });
  }
  const pools = new Set<HoldfastPool>();
  const events = createPostgresEmitter();
  const poolOptions = {
    settings: pool,
    events,
    ...requireStatementSettings(settings),
    ...(statementTimeoutMs !== undefined && { statementTimeoutMs }),
    ...(logger && { logger }),
  };
  const replicas = requireReplicaSettings(settings.replicas, pool);
  const registration: Registration = { pools, events, logger };
  const createPool = (config: PoolConfig): HoldfastPool | ReplicaRouter => {
    if (replicas === undefined) {
      const only = new HoldfastPool(config, poolOptions);
      pools.add(only);
      return only;
    }
    // TypeORM asks for the pool of the slave first, and for that of the master next.
    if (config.connectionString !== REPLICAS && registration.cluster) return registration.cluster.primary;
    const cluster = createClusterPools(config, url, poolOptions, replicas);
    registration.cluster = cluster;
    for (const pool of [cluster.primary, ...cluster.members.map((member) => member.pool)]) pools.add(pool);
    return cluster.router;
  };
  const credentials = { url, ...(ssl !== undefined && { ssl }) };

  const dataSource = new DataSource({
    ...settings.typeorm,
    type: 'postgres',
    ...credentials,
    ...(replicas && { replication: { master: credentials, slaves: [{ ...credentials, url: REPLICAS }] } }),
    applicationName,
    entities,
    migrations,
    // Called with `new`, which an arrow function does not take.
    driver: {
      ...pg,
      Pool: function Pool(config: PoolConfig) {
        return createPool(config);
      },
    },
    // TypeORM would write it to its own log; ours is told below.
    poolErrorHandler: () => {},
    synchronize: false,
    installExtensions: false,
    // Makes TypeORM's generated UUID columns default to gen_random_uuid(), which needs no extension.
    uuidExtension: 'pgcrypto',
    migrationsRun: false,
    migrationsTransactionMode: 'none',
    migrationsTableName: 'migrations',
  });
  events.on('error', ({ pool: name, error }) => {
    const code = readErrorCode(error) ?? 'unknown';
    logger?.warn('An idle database connection failed', { pool: name, code });
  });
  registerPools(dataSource, registration);
  return dataSource;
}
