import { randomBytes } from 'node:crypto';
import { createApiKeyText, writeOperatorKey } from '@holdfast/api';
import type { DataSource } from 'typeorm';

/** What a service is started with, and whom it answers. */
export interface Access {
  readonly variables: Readonly<Record<string, string>>;
  readonly authorizations: readonly string[];
}

/** The database knows an operator's key, and a key of the organization. */
export async function provideAccess(dataSource: DataSource, organizationId: string): Promise<Access> {
  const pepper = randomBytes(32).toString('base64url');
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
    variables: { API_KEY_PEPPER: pepper },
    authorizations: keys.map(({ text }) => `Bearer ${text}`),
  };
}
