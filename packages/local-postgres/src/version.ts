import { LocalPostgresError } from './error';

/** The PostgreSQL major versions that can be started. */
export const postgresVersions = [17, 18] as const;

/** A PostgreSQL major version that can be started. */
export type PostgresVersion = (typeof postgresVersions)[number];

/** Started when nothing else is asked for. */
export const defaultPostgresVersion: PostgresVersion = 17;

/**
 * Reads a major version as a user writes it.
 * @throws LocalPostgresError `unsupported_version`, naming the value, where it came from and what is allowed.
 */
export function parsePostgresVersion(value: string, source: string): PostgresVersion {
  const version = postgresVersions.find((candidate) => String(candidate) === value.trim());
  if (version === undefined) {
    throw new LocalPostgresError(
      'unsupported_version',
      `${source} is "${value}"; allowed: ${postgresVersions.join(', ')}`,
    );
  }
  return version;
}

/** The port a kept server asks for first, so that a saved connection in a database tool keeps working. */
export function preferredPort(version: PostgresVersion): number {
  return 54300 + version;
}
