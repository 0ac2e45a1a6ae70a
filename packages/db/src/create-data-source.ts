import { join } from 'node:path';
import { createPostgresDataSource, type PostgresDataSourceSettings } from '@holdfast/postgres';
import type { ColumnType, DataSource } from 'typeorm';
import { ApiKey } from './entities/api-key.entity';
import { Event } from './entities/event.entity';
import { EventLease } from './entities/event-lease.entity';
import { IdempotencyRecord } from './entities/idempotency-record.entity';
import { Membership } from './entities/membership.entity';
import { Organization } from './entities/organization.entity';
import { OrganizationActivity } from './entities/organization-activity.entity';
import { User } from './entities/user.entity';
import { type DatabaseSettings, readDatabaseSettings, readEnvironment } from './settings/database-settings';
import type { Environment, Variables } from './settings/environment';
import { noteListening } from './settings/listening';

const TLS_OPTIONS = {
  disable: false,
  require: { rejectUnauthorized: false },
  'verify-full': true,
} as const satisfies Record<DatabaseSettings['ssl'], boolean | object>;

/** The entities, in the order in which their tables depend on each other. */
export const ENTITIES = [
  Organization,
  User,
  Membership,
  Event,
  EventLease,
  OrganizationActivity,
  ApiKey,
  IdempotencyRecord,
] as const;

/** What a DataSource may be given beside its settings. */
export type DataSourceOptions = Pick<PostgresDataSourceSettings, 'logger'>;

/**
 * A DataSource of the environment, not yet initialised: entities, migrations, pool and connection as settings
 * and variables say.
 *
 * @param options.logger Told about connections that fail or are cut. Default: nobody.
 * @throws SettingsError for variables that cannot be used.
 */
export function createDataSource(
  environment: Environment = readEnvironment(),
  variables: Variables = process.env,
  { logger }: DataSourceOptions = {},
): DataSource {
  const settings = readDatabaseSettings(environment, variables);
  const { url, replicaUrls, pool, ssl, applicationName, statementTimeoutMs, pooler } = settings;
  const dataSource = createPostgresDataSource({
    url,
    pool,
    ssl: TLS_OPTIONS[ssl],
    applicationName,
    pooler,
    ...(replicaUrls.length > 0 && { replicas: { urls: replicaUrls } }),
    ...(logger && { logger }),
    ...(statementTimeoutMs > 0 && { statementTimeoutMs }),
    entities: [...ENTITIES],
    migrations: [join(__dirname, 'migrations', '*.{js,ts}')],
  });
  // TypeORM checks column types against a list that ends before PostgreSQL 13, where xid8 came.
  dataSource.driver.supportedDataTypes.push('xid8' as ColumnType);
  noteListening(dataSource, settings);
  return dataSource;
}
