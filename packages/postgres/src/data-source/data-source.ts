import { readErrorCode } from '@holdfast/resilience';
import pg, { type PoolConfig } from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver';
import { createPostgresEmitter } from '../events/postgres-events';
import { HoldfastPool } from '../pool/pool';
import { requirePoolSettings } from '../pool/pool-settings';
import { createClusterPools, REPLICAS } from '../replicas/cluster-pools';
import type { ReplicaRouter } from '../replicas/replica-router';
import { requireReplicaSettings } from '../replicas/replica-settings';
import { requireStatementSettings } from '../statements/statement-settings';
import { type PostgresDataSourceSettings, requireDataSourceSettings } from './data-source-settings';
import { directQueryRunners } from './direct-query-runner';
import { type Registration, registerPools } from './pool-registry';

/**
 * Creates a TypeORM DataSource on this package's pool. It is not connected: use `openDataSource`.
 *
 * The schema is never synchronized and no extension is installed behind the migrations' back. Migrations run in mode
 * `none`, each saying itself whether it wants a transaction, because only that lets CREATE INDEX CONCURRENTLY be run
 * and reverted. 64-bit integers stay strings.
 *
 * @throws InvalidOptionError naming the setting that is of a wrong kind, out of range or unknown, its value and what is
 * allowed.
 */
export function createPostgresDataSource(settings: PostgresDataSourceSettings): DataSource {
  requireDataSourceSettings(settings);
  const { url, applicationName, entities, migrations, ssl, statementTimeoutMs, logger } = settings;
  const pool = requirePoolSettings(settings.pool);
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
  directQueryRunners(dataSource.driver as PostgresDriver);
  events.on('error', ({ pool: name, error }) => {
    const code = readErrorCode(error) ?? 'unknown';
    logger?.warn('An idle database connection failed', { pool: name, code });
  });
  registerPools(dataSource, registration);
  return dataSource;
}
