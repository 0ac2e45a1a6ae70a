import { randomBytes } from 'node:crypto';
import { createApiKeyText, writeOperatorKey } from '@holdfast/api';
import type { DataSource } from 'typeorm';

/** What a service is started with, and whom it answers. */
export interface Access {
  /** With a login of the role that requests have where the service is deployed, so that every policy holds. */
  readonly variables: Readonly<Record<string, string>>;
  readonly authorizations: readonly string[];
}

const LOGIN = 'fuzzed';

/** The database knows a login for the service, an operator's key, and a key of the organization. */
export async function provideAccess(
  dataSource: DataSource,
  url: string,
  organizationId: string,
): Promise<Access> {
  const [pepper, password] = [randomBytes(32).toString('base64url'), randomBytes(16).toString('hex')];
  await dataSource.query(`create role ${LOGIN} login password '${password}'`);
  await dataSource.query(`grant holdfast_app to ${LOGIN}`);
  const keys = [createApiKeyText('test'), createApiKeyText('test')];
  for (const [at, { text }] of keys.entries()) {
    await writeOperatorKey(dataSource.manager, pepper, { text, name: `fuzz ${at}` });
  }
  const [, tenant] = keys;
  await dataSource.query('update api_keys set organization_id = $1 where prefix = $2', [
    organizationId,
    tenant?.prefix,
  ]);
  return {
    variables: {
      API_KEY_PEPPER: pepper,
      DATABASE_URL: Object.assign(new URL(url), { username: LOGIN, password }).href,
      OPERATIONS_DATABASE_URL: url,
    },
    authorizations: keys.map(({ text }) => `Bearer ${text}`),
  };
}
