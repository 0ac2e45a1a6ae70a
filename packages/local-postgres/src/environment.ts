import { delimiter } from 'node:path';
import { defaultPostgresVersion, type PostgresVersion, parsePostgresVersion } from './version';

const versionVariable = 'HOLDFAST_POSTGRES';
/** Names the folder of kept servers. */
export const directoryVariable = 'HOLDFAST_DIRECTORY';
/** Makes a missing PgBouncer a failure instead of a reason to skip tests. */
export const requirePgBouncerVariable = 'HOLDFAST_REQUIRE_PGBOUNCER';
const testServerVariable = 'HOLDFAST_TEST_SERVER_URL';
const testTemplateVariable = 'HOLDFAST_TEST_TEMPLATE';

/** Where the test files of one Jest run find their server. */
export interface TestServerAddress {
  readonly adminUrl: string;
  /** The migrated database that test databases are cloned from; none if the setup was given no `template`. */
  readonly template?: string;
}

/**
 * The major version asked for by `HOLDFAST_POSTGRES`, 17 if it is not set.
 * @throws LocalPostgresError `unsupported_version`
 */
export function readPostgresVersion(environment: NodeJS.ProcessEnv = process.env): PostgresVersion {
  const value = environment[versionVariable];
  return value === undefined || value === ''
    ? defaultPostgresVersion
    : parsePostgresVersion(value, versionVariable);
}

/** The folder of kept servers that `HOLDFAST_DIRECTORY` names, relative to the repository's root; undefined if it is not set. */
export function readDirectory(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  return environment[directoryVariable] || undefined;
}

/** Whether `HOLDFAST_REQUIRE_PGBOUNCER` is `1`: tests that need PgBouncer may not be skipped. */
export function isPgBouncerRequired(environment: NodeJS.ProcessEnv = process.env): boolean {
  return environment[requirePgBouncerVariable] === '1';
}

/** The folders of `PATH`, in which programs are looked for. */
export function readProgramFolders(environment: NodeJS.ProcessEnv = process.env): readonly string[] {
  return (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
}

/** The server started by the global setup of this Jest run, if there was one. */
export function readTestServerAddress(
  environment: NodeJS.ProcessEnv = process.env,
): TestServerAddress | undefined {
  const adminUrl = environment[testServerVariable];
  const template = environment[testTemplateVariable];
  if (adminUrl === undefined || adminUrl === '') return undefined;
  return template === undefined || template === '' ? { adminUrl } : { adminUrl, template };
}

/** Publishes the server to Jest's workers, which inherit the environment; `undefined` takes it back. */
export function publishTestServerAddress(
  address: TestServerAddress | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): void {
  delete environment[testServerVariable];
  delete environment[testTemplateVariable];
  if (address === undefined) return;
  environment[testServerVariable] = address.adminUrl;
  if (address.template !== undefined) environment[testTemplateVariable] = address.template;
}
