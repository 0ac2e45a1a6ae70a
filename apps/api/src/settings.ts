import {
  createSettingsReader,
  type Environment,
  readDatabaseSettings,
  readEnvironment,
  SettingsError,
  type SettingsProblem,
  type SettingsReader,
  type Variables,
} from '@holdfast/db';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from '@holdfast/observability';
import { z } from 'zod';

/** Everything the service is told from outside. */
export interface ServiceSettings {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** How long running requests may take to finish once the service was told to stop, in ms. */
  readonly shutdownTimeoutMs: number;
  /** How long one request may keep the database busy, waiting and retries included, in ms. */
  readonly databaseDeadlineMs: number;
  /** How much is let in at once. */
  readonly admission: AdmissionSettings;
  /** How much one client may ask for. */
  readonly clientRate: ClientRateSettings;
  /** How many of those requests that last run at once. */
  readonly longRequests: { readonly tails: number; readonly imports: number };
  /** Longest that a client may ask for with Request-Timeout, in ms. */
  readonly maxRequestTimeoutMs: number;
  /** Under which API keys are hashed. A secret, so never print it. */
  readonly apiKeyPepper: string;
  readonly environment: Environment;
  /** Holds a password, so never print it. */
  readonly databaseUrl: string;
  /** Read again for the database alone: `DATABASE_*`. Holds a password, so never print it. */
  readonly variables: Variables;
  /** The same, with the role for what is about all organizations. */
  readonly operationsVariables: Variables;
}

/** How much one client may ask for. */
export interface ClientRateSettings {
  /** Requests per second in the long run; 0 for any number. */
  readonly perSecond: number;
  /** Requests at once, after a rest. */
  readonly burst: number;
  /** Clients that are known at a time: those that asked last. */
  readonly most: number;
}

/** How many requests are let in at once, and how many may wait. */
export interface AdmissionSettings {
  /** Of each class. */
  readonly most: { readonly reads: number; readonly writes: number; readonly appends: number };
  /** Bounds of the limit for all together, which follows the load. */
  readonly limitMin: number;
  readonly limitMax: number;
  readonly queueMax: number;
  readonly queueWaitMs: number;
  /** A request that takes longer means overload, in ms. */
  readonly latencyMs: number;
}

const MOST_REQUESTS = 10_000;
const LONGEST_QUEUE_WAIT_MS = 10_000;
const LONGEST_SHUTDOWN_MS = 600_000;
const LONGEST_DEADLINE_MS = 600_000;

/**
 * Reads the settings of the service and checks those of its database. An empty variable counts as not set.
 *
 * @throws SettingsError that names every variable at fault, its value and what is allowed.
 */
export function readServiceSettings(variables: Variables): ServiceSettings {
  const problems: SettingsProblem[] = [];
  const read = createSettingsReader(variables, problems);
  const service = {
    host: read('HOST', z.string().regex(/^[\w.:-]+$/), '127.0.0.1', 'a host name or an address'),
    port: read('PORT', wholeNumber(65_535), 3_000, 'a whole number from 0 (any free port) to 65535'),
    ...readLogSettings(read),
    shutdownTimeoutMs: read(
      'SHUTDOWN_TIMEOUT_MS',
      wholeNumber(LONGEST_SHUTDOWN_MS),
      10_000,
      `a whole number of ms from 0 to ${LONGEST_SHUTDOWN_MS}`,
    ),
    databaseDeadlineMs: read(
      'DATABASE_DEADLINE_MS',
      wholeNumber(LONGEST_DEADLINE_MS, 1),
      5_000,
      `a whole number of ms from 1 to ${LONGEST_DEADLINE_MS}`,
    ),
    maxRequestTimeoutMs: read(
      'REQUEST_TIMEOUT_MAX_MS',
      wholeNumber(LONGEST_DEADLINE_MS, 1),
      30_000,
      `a whole number of ms from 1 to ${LONGEST_DEADLINE_MS}`,
    ),
    apiKeyPepper: readPepper(variables, problems),
  };
  const readCount = (variable: string, fallback: number, least = 1) =>
    read(
      variable,
      wholeNumber(MOST_REQUESTS, least),
      fallback,
      `a whole number of requests from ${least} to ${MOST_REQUESTS}`,
    );
  const readMs = (variable: string, fallback: number, most: number) =>
    read(variable, wholeNumber(most, 1), fallback, `a whole number of ms from 1 to ${most}`);
  const admission: AdmissionSettings = {
    most: {
      reads: readCount('ADMISSION_READS', 32),
      writes: readCount('ADMISSION_WRITES', 64),
      appends: readCount('ADMISSION_APPENDS', 64),
    },
    limitMin: readCount('ADMISSION_LIMIT_MIN', 16),
    limitMax: readCount('ADMISSION_LIMIT_MAX', 256),
    queueMax: readCount('ADMISSION_QUEUE', 16, 0),
    queueWaitMs: readMs('ADMISSION_QUEUE_MS', 100, LONGEST_QUEUE_WAIT_MS),
    latencyMs: readMs('ADMISSION_LATENCY_MS', 1_000, LONGEST_DEADLINE_MS),
  };
  const clientRate: ClientRateSettings = {
    perSecond: readCount('CLIENT_RATE', 1_000, 0),
    burst: readCount('CLIENT_BURST', 2_000),
    most: readCount('CLIENT_COUNT', 10_000),
  };
  const longRequests = {
    tails: readCount('ADMISSION_TAILS', 100),
    imports: readCount('ADMISSION_IMPORTS', 2),
  };
  if (admission.limitMin > admission.limitMax) {
    // The least is laid to the variable that was set.
    const [variable, value, allowed] = variables.ADMISSION_LIMIT_MIN
      ? ([
          'ADMISSION_LIMIT_MIN',
          admission.limitMin,
          `at most the most, which is ${admission.limitMax}`,
        ] as const)
      : ([
          'ADMISSION_LIMIT_MAX',
          admission.limitMax,
          `at least the least, which is ${admission.limitMin}`,
        ] as const);
    problems.push({ variable, value: String(value), allowed });
  }
  const environment = collect(problems, () => readEnvironment(variables));
  const database = environment && collect(problems, () => readDatabaseSettings(environment, variables));
  const operationsVariables = environment && readOperations(environment, variables, problems);
  if (!environment || !database || !operationsVariables || problems.length > 0) {
    throw new SettingsError(problems);
  }
  return {
    ...service,
    admission,
    clientRate,
    longRequests,
    environment,
    variables,
    operationsVariables,
    databaseUrl: database.url,
  };
}

/** The variables of the database with another login in them, if there is one; what is wrong with it is said under its own name. */
function readOperations(
  environment: Environment,
  variables: Variables,
  problems: SettingsProblem[],
): Variables {
  const { OPERATIONS_DATABASE_URL: url } = variables;
  if (!url) return variables;
  const operations = { ...variables, DATABASE_URL: url };
  const found: SettingsProblem[] = [];
  collect(found, () => readDatabaseSettings(environment, operations));
  const own = found.filter(({ variable }) => variable === 'DATABASE_URL');
  problems.push(...own.map((problem) => ({ ...problem, variable: 'OPERATIONS_DATABASE_URL' })));
  return operations;
}

/** What a worker is told from outside. */
export type WorkerSettings = Pick<ServiceSettings, 'logLevel' | 'logFormat' | 'environment' | 'variables'>;

/**
 * Reads the settings of a worker and checks those of its database.
 *
 * @throws SettingsError as for the service.
 */
export function readWorkerSettings(variables: Variables): WorkerSettings {
  const problems: SettingsProblem[] = [];
  const log = readLogSettings(createSettingsReader(variables, problems));
  const environment = collect(problems, () => readEnvironment(variables));
  if (environment !== undefined) collect(problems, () => readDatabaseSettings(environment, variables));
  if (environment === undefined || problems.length > 0) throw new SettingsError(problems);
  return { ...log, environment, variables };
}

function readLogSettings(read: SettingsReader): Pick<ServiceSettings, 'logLevel' | 'logFormat'> {
  return {
    logLevel: read('LOG_LEVEL', z.enum(LOG_LEVELS), 'info', `one of ${LOG_LEVELS.join(', ')}`),
    logFormat: read('LOG_FORMAT', z.enum(LOG_FORMATS), 'json', `one of ${LOG_FORMATS.join(', ')}`),
  };
}

const MIN_PEPPER_BYTES = 32;

/** There is no default: whoever knows the pepper can make hashes, and whoever changes it makes all keys useless. */
function readPepper({ API_KEY_PEPPER = '' }: Variables, problems: SettingsProblem[]): string {
  if (Buffer.byteLength(API_KEY_PEPPER) < MIN_PEPPER_BYTES) {
    const allowed = `a secret of at least ${MIN_PEPPER_BYTES} bytes, as of: openssl rand -base64 32`;
    problems.push({ variable: 'API_KEY_PEPPER', allowed });
  }
  return API_KEY_PEPPER;
}

/** Runs a reader and keeps its problems with the others, so that one start names them all. */
function collect<T>(problems: SettingsProblem[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

function wholeNumber(most: number, least = 0): z.ZodType<number> {
  return z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .refine((value) => value >= least && value <= most);
}
