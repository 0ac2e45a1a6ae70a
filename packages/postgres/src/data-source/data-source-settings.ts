import {
  InvalidOptionError,
  MAX_TIMER_MS,
  requireKnownOptions,
  requireLogger,
  requireNumber,
  type StructuredLogger,
} from '@holdfast/resilience';
import { type DataSourceOptions, InstanceChecker } from 'typeorm';
import { requireUrl } from '../connection/require-url';
import type { PoolSettings } from '../pool/pool-settings';
import { requireObject } from '../pool/require-option';
import type { ReplicaSettings } from '../replicas/replica-settings';
import type { StatementSettings } from '../statements/statement-settings';

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

const PASSED_THROUGH = [
  'logging',
  'logger',
  'maxQueryExecutionTime',
  'namingStrategy',
  'subscribers',
  'schema',
] as const satisfies readonly (keyof PostgresOptions)[];

/** TypeORM's own settings that may be passed on; the rest is this package's business. */
export type PassedThroughOptions = Pick<PostgresOptions, (typeof PASSED_THROUGH)[number]>;

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

const NAMES = [
  'url',
  'pool',
  'applicationName',
  'entities',
  'migrations',
  'ssl',
  'statementTimeoutMs',
  'logger',
  'replicas',
  'typeorm',
  'pooler',
  'maxPreparedStatements',
] as const satisfies readonly (keyof PostgresDataSourceSettings)[];

/**
 * Refuses settings of a wrong kind before anything is made of them; those of the pool, of replicas and of statements are
 * looked at where they are used.
 * @throws InvalidOptionError naming the setting, its value and what is allowed. The URL is never shown.
 */
export function requireDataSourceSettings(settings: PostgresDataSourceSettings): void {
  requireObject(
    'createPostgresDataSource options',
    settings,
    `an object with ${NAMES.slice(0, 5).join(', ')}`,
  );
  requireKnownOptions('createPostgresDataSource', settings, NAMES);
  const { url, applicationName, entities, migrations, ssl, statementTimeoutMs, logger, typeorm } = settings;
  requireUrl('url', url);
  if (typeof applicationName !== 'string' || applicationName === '') {
    throw new InvalidOptionError('applicationName', applicationName, 'a text that is not empty');
  }
  requireList('entities', entities, 'a class, an EntitySchema or a path');
  requireList('migrations', migrations, 'a class or a path');
  if (ssl !== undefined && typeof ssl !== 'boolean') {
    requireObject('ssl', ssl, 'true, false or an object with TLS options');
  }
  if (statementTimeoutMs !== undefined) {
    requireNumber('statementTimeoutMs', statementTimeoutMs, { min: 1, max: MAX_TIMER_MS, integer: true });
  }
  requireLogger(logger);
  if (typeorm === undefined) return;
  requireObject('typeorm', typeorm, `an object with ${PASSED_THROUGH.join(', ')}`);
  requireKnownOptions('typeorm', typeorm, PASSED_THROUGH);
}

function requireList(option: string, list: unknown, allowed: string): void {
  if (typeof list !== 'object' || list === null) throw new InvalidOptionError(option, list, 'an array');
  // TypeORM takes a module for a list as well, and picks from it what it can use.
  if (!Array.isArray(list)) return;
  for (const [at, item] of list.entries()) {
    const isKnown =
      typeof item === 'function' || typeof item === 'string' || InstanceChecker.isEntitySchema(item);
    // Mostly one that is undefined because two files import each other.
    if (!isKnown) throw new InvalidOptionError(`${option}[${at}]`, item, allowed);
  }
}
