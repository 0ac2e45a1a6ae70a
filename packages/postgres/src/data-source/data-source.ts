import { MAX_TIMER_MS, readErrorCode, requireNumber, type StructuredLogger } from '@holdfast/resilience';
import pg, { type PoolConfig } from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { createPostgresEmitter } from '../events/postgres-events';
import { HoldfastPool } from '../pool/pool';
import { type PoolSettings, requirePoolSettings } from '../pool/pool-settings';
import { requireStatementSettings, type StatementSettings } from '../statements/statement-settings';
import { registerPools } from './pool-registry';

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
  const { url, applicationName, entities, migrations, ssl, statementTimeoutMs, logger } = settings;
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
  class DataSourcePool extends HoldfastPool {
    constructor(config: PoolConfig) {
      super(config, poolOptions);
      pools.add(this);
    }
  }

  const dataSource = new DataSource({
    ...settings.typeorm,
    type: 'postgres',
    url,
    applicationName,
    entities,
    migrations,
    ...(ssl !== undefined && { ssl }),
    driver: { ...pg, Pool: DataSourcePool },
    poolErrorHandler: (error: unknown) => {
      logger?.warn('An idle database connection failed', { code: readErrorCode(error) ?? 'unknown' });
    },
    synchronize: false,
    installExtensions: false,
    // Makes TypeORM's generated UUID columns default to gen_random_uuid(), which needs no extension.
    uuidExtension: 'pgcrypto',
    migrationsRun: false,
    migrationsTransactionMode: 'none',
    migrationsTableName: 'migrations',
  });
  registerPools(dataSource, { pools, events, logger });
  return dataSource;
}
