import { randomBytes } from 'node:crypto';
import { createDatabase, dropDatabase } from './databases';
import { readTestServerAddress } from './environment';
import { LeakedConnectionsError, LocalPostgresError } from './error';

/** What a test database may differ in. */
export interface TestDatabaseOptions {
  /** Without what the template holds. Default false. */
  readonly empty?: boolean;
  /** Whether `drop()` rejects if connections were still open. Default true. */
  readonly failOnLeakedConnections?: boolean;
}

/** A database that one test file has for itself. */
export interface TestDatabase extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  /** A database on the same server from which this one can be administered. */
  readonly adminUrl: string;
  /**
   * The database is gone. Calling it again does nothing.
   * @throws LeakedConnectionsError if connections were still open; they have been ended
   */
  drop(): Promise<void>;
}

/**
 * A new database exists, cloned from the migrated template of this Jest run.
 * @throws LocalPostgresError `test_server_missing` if the Jest configuration has no global setup of ours, or the setup
 * has no template and `empty` is not given.
 */
export async function openTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { adminUrl, template } = readTestServerAddress() ?? {};
  if (adminUrl === undefined) {
    throw new LocalPostgresError(
      'test_server_missing',
      'there is no test server; set globalSetup in the Jest configuration to a file that exports createGlobalSetup()',
    );
  }
  if (template === undefined && options.empty !== true) {
    throw new LocalPostgresError(
      'test_server_missing',
      'the test server has no template; give createGlobalSetup() one, or call openTestDatabase({ empty: true })',
    );
  }
  const name = `test_${randomBytes(8).toString('hex')}`;
  const url = await createDatabase(
    adminUrl,
    name,
    template === undefined || options.empty === true ? {} : { template },
  );

  let dropped = false;
  const drop = async () => {
    if (dropped) return;
    dropped = true;
    const { endedConnections } = await dropDatabase(adminUrl, name);
    if (endedConnections.length > 0 && options.failOnLeakedConnections !== false) {
      throw new LeakedConnectionsError(name, endedConnections.length, endedConnections);
    }
  };
  return { name, url, adminUrl, drop, [Symbol.asyncDispose]: drop };
}
