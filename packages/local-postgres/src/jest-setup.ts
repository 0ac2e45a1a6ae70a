import { escapeIdentifier } from 'pg';
import { withConnection } from './admin-connection';
import { createDatabase, readOpenConnections } from './databases';
import { publishTestServerAddress } from './environment';
import { LocalPostgresError } from './error';
import type { TemporaryServer } from './postgres-server';
import { openTemporaryServer, type TemporaryServerOptions } from './temporary-server';

/** What the test files of a Jest run get. */
export interface GlobalSetupOptions extends TemporaryServerOptions {
  /** Makes the template what every test database starts as, usually by migrating it. Runs once in a Jest run. */
  readonly template?: (url: string) => Promise<void>;
}

const templateName = 'holdfast_template';

// Jest may load setup and teardown as two copies of this module, so the server is kept where both find it.
const serverKey = Symbol.for('@holdfast/local-postgres/test-server');
const shared = globalThis as typeof globalThis & { [serverKey]?: TemporaryServer };

/**
 * A function for Jest's `globalSetup`: one temporary server for the run, with a template database if asked for.
 * `openTestDatabase()` finds it from every worker. The server ends with Jest; `globalTeardown` ends it a little earlier.
 */
export function createGlobalSetup(options: GlobalSetupOptions = {}): () => Promise<void> {
  return async () => {
    await globalTeardown();
    const server = await openTemporaryServer(options);
    shared[serverKey] = server;
    try {
      const { adminUrl } = server;
      if (options.template === undefined) {
        publishTestServerAddress({ adminUrl });
      } else {
        await makeTemplate(adminUrl, options.template);
        publishTestServerAddress({ adminUrl, template: templateName });
      }
    } catch (error) {
      await globalTeardown();
      throw error;
    }
  };
}

/** For Jest's `globalTeardown`: the server of this run is gone. */
export async function globalTeardown(): Promise<void> {
  publishTestServerAddress(undefined);
  const server = shared[serverKey];
  delete shared[serverKey];
  await server?.stop();
}

async function makeTemplate(adminUrl: string, migrate: (url: string) => Promise<void>): Promise<void> {
  await migrate(await createDatabase(adminUrl, templateName));
  await withConnection(adminUrl, async (client) => {
    const open = await readOpenConnections(client, templateName);
    if (open.length > 0) {
      throw new LocalPostgresError(
        'template_in_use',
        `the template callback of createGlobalSetup() left ${open.length} connection(s) open; close them before it ends`,
      );
    }
    // From here on nobody can connect, so nobody can stand in the way of a clone.
    await client.query(
      `ALTER DATABASE ${escapeIdentifier(templateName)} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false`,
    );
  });
}
