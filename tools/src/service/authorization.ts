import { createApiKeyText, hashApiKey } from '@holdfast/api';
import { API_KEY_SCOPES, ApiKeyRepository, createDataSource, newId, UserRepository } from '@holdfast/db';

const ENVIRONMENT = 'test';

/** What a client of a measured service sends with every request, and what a rival has to know to check it. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly pepper: string;
}

/** The migrated database has an operator's key for every purpose, whose hash is found under the pepper. */
export async function openCredentials(databaseUrl: string, pepper: string): Promise<Credentials> {
  const dataSource = await createDataSource(ENVIRONMENT, { DATABASE_URL: databaseUrl }).initialize();
  try {
    const { manager } = dataSource;
    const { id: userId } = await new UserRepository(manager).create({
      email: `measured-${newId()}@example.com`,
      role: 'service',
    });
    const { text, prefix } = createApiKeyText(ENVIRONMENT);
    const keyHash = hashApiKey(text, pepper);
    await new ApiKeyRepository(manager).create({ userId, keyHash, prefix, scopes: API_KEY_SCOPES });
    return { headers: Object.freeze({ authorization: `Bearer ${text}` }), pepper };
  } finally {
    await dataSource.destroy();
  }
}
