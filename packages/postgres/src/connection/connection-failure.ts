import { listErrorChain } from '@holdfast/resilience';
import type { ConnectionTarget } from './connection-target';

/** Why a connection could not be opened. */
export type ConnectionFailureCode =
  | 'DATABASE_UNREACHABLE'
  | 'DATABASE_HOST_UNKNOWN'
  | 'DATABASE_LOGIN_REFUSED'
  | 'DATABASE_MISSING'
  | 'DATABASE_TOO_MANY_CONNECTIONS'
  | 'DATABASE_NOT_READY'
  | 'DATABASE_POOLER_REFUSED'
  | 'DATABASE_TLS_REFUSED'
  | 'DATABASE_TIMEOUT'
  | 'DATABASE_CONNECTION_FAILED';

/** A connection could not be opened. The message is one line that says where, why and what to do; never a password. */
export class DatabaseConnectionError extends Error {
  override readonly name = 'DatabaseConnectionError';

  constructor(
    readonly code: ConnectionFailureCode,
    /** Where the connection was meant to go. */
    readonly target: ConnectionTarget,
    message: string,
    cause: unknown,
  ) {
    super(message, { cause });
  }
}

const EXPLANATIONS: Readonly<Record<ConnectionFailureCode, (target: ConnectionTarget) => string>> =
  Object.freeze({
    DATABASE_UNREACHABLE: () =>
      'nothing answers there. Start PostgreSQL, or correct the host and port of the URL',
    DATABASE_HOST_UNKNOWN: () => 'the host name is not known. Correct the host of the URL, or check the DNS',
    DATABASE_LOGIN_REFUSED: () =>
      'the server refused the login. Correct the user or password of the URL, or allow it in pg_hba.conf',
    DATABASE_MISSING: ({ database }) =>
      `the database does not exist. Create it with: createdb ${quote(database)}`,
    DATABASE_TOO_MANY_CONNECTIONS: () =>
      'the server has no connection left. Lower the maximum of the pools, or raise max_connections',
    DATABASE_NOT_READY: () =>
      'the server is starting, stopping or recovering. Wait until it accepts connections',
    DATABASE_POOLER_REFUSED: () =>
      'a pooler answers there and gives no connection: the user, password or database is wrong, or it cannot reach its server. Its log says which',
    DATABASE_TLS_REFUSED: () =>
      'no TLS connection came about. Check sslmode, the certificate, and ssl in postgresql.conf',
    DATABASE_TIMEOUT: () =>
      'the server did not answer in time. Check the network and firewall between, or raise the create timeout',
    DATABASE_CONNECTION_FAILED: () => 'the connection failed. The cause says more',
  });

const CODES: Readonly<Record<string, ConnectionFailureCode>> = Object.freeze({
  ECONNREFUSED: 'DATABASE_UNREACHABLE',
  ECONNRESET: 'DATABASE_UNREACHABLE',
  EHOSTUNREACH: 'DATABASE_UNREACHABLE',
  ENETUNREACH: 'DATABASE_UNREACHABLE',
  EPIPE: 'DATABASE_UNREACHABLE',
  // The folder of a Unix socket.
  ENOENT: 'DATABASE_UNREACHABLE',
  EACCES: 'DATABASE_UNREACHABLE',
  '08001': 'DATABASE_UNREACHABLE',
  '08006': 'DATABASE_UNREACHABLE',
  ENOTFOUND: 'DATABASE_HOST_UNKNOWN',
  EAI_AGAIN: 'DATABASE_HOST_UNKNOWN',
  '28000': 'DATABASE_LOGIN_REFUSED',
  '28P01': 'DATABASE_LOGIN_REFUSED',
  '3D000': 'DATABASE_MISSING',
  '53300': 'DATABASE_TOO_MANY_CONNECTIONS',
  '57P01': 'DATABASE_NOT_READY',
  '57P02': 'DATABASE_NOT_READY',
  '57P03': 'DATABASE_NOT_READY',
  // PgBouncer has one code for nearly all that it says.
  '08P01': 'DATABASE_POOLER_REFUSED',
  ETIMEDOUT: 'DATABASE_TIMEOUT',
  CONNECT_TIMEOUT: 'DATABASE_TIMEOUT',
  CERT_HAS_EXPIRED: 'DATABASE_TLS_REFUSED',
  CERT_NOT_YET_VALID: 'DATABASE_TLS_REFUSED',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'DATABASE_TLS_REFUSED',
  SELF_SIGNED_CERT_IN_CHAIN: 'DATABASE_TLS_REFUSED',
  UNABLE_TO_GET_ISSUER_CERT: 'DATABASE_TLS_REFUSED',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'DATABASE_TLS_REFUSED',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'DATABASE_TLS_REFUSED',
  ERR_TLS_CERT_ALTNAME_INVALID: 'DATABASE_TLS_REFUSED',
});

/** Errors of node-postgres without a code, by their exact text. */
const TEXTS: Readonly<Record<string, ConnectionFailureCode>> = Object.freeze({
  'The server does not support SSL connections': 'DATABASE_TLS_REFUSED',
  'There was an error establishing an SSL connection': 'DATABASE_TLS_REFUSED',
  'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string': 'DATABASE_LOGIN_REFUSED',
  'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a non-empty string': 'DATABASE_LOGIN_REFUSED',
  'Connection terminated due to connection timeout': 'DATABASE_TIMEOUT',
  'timeout expired': 'DATABASE_TIMEOUT',
  'Connection terminated unexpectedly': 'DATABASE_UNREACHABLE',
});

/** Reads why a connection could not be opened, through every wrapper; undefined when the error says nothing of the kind. */
export function readConnectionFailure(error: unknown): ConnectionFailureCode | undefined {
  for (const link of listErrorChain(error)) {
    const { code, message } = link as { code?: unknown; message?: unknown };
    const known = typeof code === 'string' ? lookUp(CODES, code) : lookUp(TEXTS, String(message));
    if (known) return known;
  }
  return undefined;
}

/** Describes why a connection could not be opened, in one line for whoever has to mend it. The error becomes the `cause`. */
export function describeConnectionFailure(error: unknown, target: ConnectionTarget): DatabaseConnectionError {
  const code = readConnectionFailure(error) ?? 'DATABASE_CONNECTION_FAILED';
  const { host, port, database, user } = target;
  const where = `${quote(database)} on ${oneLine(host)}:${port} as user ${quote(user)}`;
  const message = `Cannot connect to database ${where}: ${EXPLANATIONS[code](target)}`;
  return new DatabaseConnectionError(code, target, message, error);
}

function lookUp<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
