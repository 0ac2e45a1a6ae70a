import { randomBytes } from 'node:crypto';
import { withClient } from '../measurement/with-client';

/** How a service reaches its database. */
export interface ServiceLogin {
  readonly DATABASE_URL: string;
  readonly OPERATIONS_DATABASE_URL: string;
}

/**
 * The migrated database has another login of the role that requests have where a service is deployed, so that every policy holds; what is about all
 * organizations is done as who is asked here, who owns the tables.
 */
export async function createServiceLogin(databaseUrl: string): Promise<ServiceLogin> {
  const [name, password] = [8, 16].map((bytes) => randomBytes(bytes).toString('hex'));
  const username = `service_${name}`;
  await withClient(databaseUrl, (client) =>
    client.query(`create role ${username} login password '${password}' in role holdfast_app`),
  );
  return {
    DATABASE_URL: Object.assign(new URL(databaseUrl), { username, password }).href,
    OPERATIONS_DATABASE_URL: databaseUrl,
  };
}
