import type { Pooler, PoolSettings } from '@holdfast/postgres';
import { z } from 'zod';
import { readDatabaseUrl, readListenUrl, readReplicaUrls } from './database-url';
import { ENVIRONMENTS, type Environment, type Variables } from './environment';
import { POOL_SETTINGS } from './pool-settings';
import { SettingsError, type SettingsProblem } from './settings-error';
import { createSettingsReader } from './settings-reader';

/** Everything that is needed to reach the database and to size the pool. */
export interface DatabaseSettings {
  readonly environment: Environment;
  /** `postgres://user:password@host:port/database`; holds a password, so never print it whole. */
  readonly url: string;
  /** Standbys of that server; empty for none. As secret. */
  readonly replicaUrls: readonly string[];
  readonly pool: PoolSettings;
  /** `disable`, `require` (encrypted, unchecked) or `verify-full` (certificate and host name checked). */
  readonly ssl: (typeof SSL_MODES)[number];
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Longest a statement may run, ms; 0 for no limit. */
  readonly statementTimeoutMs: number;
  /** What stands in front of the server; `auto` finds out. */
  readonly pooler: Pooler;
  /** The server itself, where a pooler lets nobody listen; undefined for `url`. As secret. */
  readonly listenUrl: string | undefined;
}

const POOLERS = [
  'auto',
  'none',
  'session',
  'transaction',
  'transaction-prepared',
] as const satisfies Pooler[];
const SSL_MODES = ['disable', 'require', 'verify-full'] as const;

const LONGEST_MS = 2_147_483_647;

interface PoolVariable {
  readonly variable: string;
  readonly setting: keyof PoolSettings;
  readonly least: number;
  readonly most: number;
  readonly unit: string;
}

/** The pool's variables with their ranges. */
const POOL_VARIABLES: readonly PoolVariable[] = [
  { variable: 'DATABASE_POOL_MIN', setting: 'min', least: 0, most: 1_000, unit: 'connections' },
  { variable: 'DATABASE_POOL_MAX', setting: 'max', least: 1, most: 1_000, unit: 'connections' },
  { variable: 'DATABASE_POOL_IDLE_MS', setting: 'idleMs', least: 1, most: LONGEST_MS, unit: 'ms' },
  { variable: 'DATABASE_POOL_ACQUIRE_MS', setting: 'acquireMs', least: 1, most: LONGEST_MS, unit: 'ms' },
  { variable: 'DATABASE_POOL_CREATE_MS', setting: 'createMs', least: 1, most: LONGEST_MS, unit: 'ms' },
  { variable: 'DATABASE_POOL_DESTROY_MS', setting: 'destroyMs', least: 1, most: LONGEST_MS, unit: 'ms' },
  {
    variable: 'DATABASE_POOL_CREATE_RETRY_MS',
    setting: 'createRetryMs',
    least: 1,
    most: LONGEST_MS,
    unit: 'ms',
  },
  { variable: 'DATABASE_POOL_LIFETIME_MS', setting: 'lifetimeMs', least: 0, most: LONGEST_MS, unit: 'ms' },
  {
    variable: 'DATABASE_POOL_VALIDATE_AFTER_MS',
    setting: 'validateAfterMs',
    least: 0,
    most: LONGEST_MS,
    unit: 'ms',
  },
  { variable: 'DATABASE_POOL_LEAK_MS', setting: 'leakMs', least: 0, most: LONGEST_MS, unit: 'ms' },
];

/** The environment that NODE_ENV names, `default` where it is not set. @throws SettingsError for any other name. */
export function readEnvironment(variables: Variables = process.env): Environment {
  return environmentNamed(variables.NODE_ENV || 'default');
}

function environmentNamed(name: string): Environment {
  const environment = ENVIRONMENTS.find((known) => known === name);
  if (environment === undefined) {
    throw new SettingsError([
      { variable: 'NODE_ENV', value: name, allowed: `one of ${ENVIRONMENTS.join(', ')}` },
    ]);
  }
  return environment;
}

/**
 * Settings of an environment with what the variables override. An empty variable counts as not set.
 *
 * @throws SettingsError that names every variable at fault; never with a password in it.
 */
export function readDatabaseSettings(
  environment: Environment = readEnvironment(),
  variables: Variables = process.env,
): DatabaseSettings {
  if (!ENVIRONMENTS.includes(environment))
    return readDatabaseSettings(readEnvironment({ NODE_ENV: environment }));
  const problems: SettingsProblem[] = [];
  const read = createSettingsReader(variables, problems);
  const url = readDatabaseUrl(environment, variables, problems);
  const replicaUrls = readReplicaUrls(variables, problems);
  const listenUrl = readListenUrl(variables, problems);
  const pool = { ...POOL_SETTINGS[environment] } as { -readonly [K in keyof PoolSettings]-?: number };
  for (const { variable, setting, least, most, unit } of POOL_VARIABLES) {
    const allowed = `a whole number of ${unit} from ${least} to ${most}`;
    pool[setting] = read(variable, wholeNumber(least, most), pool[setting], allowed);
  }
  const crossed = problemOfBounds(environment, variables, pool);
  if (crossed !== undefined && problems.every(({ variable }) => !POOL_BOUNDS.has(variable))) {
    problems.push(crossed);
  }
  const ssl = read('DATABASE_SSL', z.enum(SSL_MODES), 'disable', `one of ${SSL_MODES.join(', ')}`);
  const applicationName = read(
    'DATABASE_APPLICATION_NAME',
    z.string().regex(/^[\x20-\x7e]{1,63}$/),
    'holdfast',
    '1 to 63 printable ASCII characters',
  );
  const statementTimeoutMs = read(
    'DATABASE_STATEMENT_TIMEOUT_MS',
    wholeNumber(0, LONGEST_MS),
    0,
    `a whole number of ms from 0 (no limit) to ${LONGEST_MS}`,
  );
  const pooler = read('DATABASE_POOLER', z.enum(POOLERS), 'auto', `one of ${POOLERS.join(', ')}`);
  if (problems.length > 0) throw new SettingsError(problems);
  return { environment, url, replicaUrls, listenUrl, pool, ssl, applicationName, statementTimeoutMs, pooler };
}

const POOL_BOUNDS = new Set(['DATABASE_POOL_MIN', 'DATABASE_POOL_MAX']);

/** A minimum above the maximum, laid to a variable that was set. */
function problemOfBounds(
  environment: Environment,
  variables: Variables,
  { min, max }: PoolSettings,
): SettingsProblem | undefined {
  if (min <= max) return undefined;
  if (variables.DATABASE_POOL_MIN) {
    const allowed = `at most the maximum, which is ${max} (DATABASE_POOL_MAX, else that of ${environment})`;
    return { variable: 'DATABASE_POOL_MIN', value: String(min), allowed };
  }
  const allowed = `at least the minimum, which is ${min} in ${environment}; set DATABASE_POOL_MIN as well`;
  return { variable: 'DATABASE_POOL_MAX', value: String(max), allowed };
}

function wholeNumber(least: number, most: number): z.ZodType<number> {
  return z
    .string()
    .regex(/^\d+$/)
    .transform(Number)
    .refine((value) => Number.isSafeInteger(value) && value >= least && value <= most);
}
