import { createApiKeyText, writeOperatorKey } from '@holdfast/api';
import { createDataSource } from '@holdfast/db';

const ENVIRONMENT = 'test';

/** What a client of a measured service sends with every request, and what a rival has to know to check it. */
export interface Credentials {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly pepper: string;
}

/** The migrated database has an operator's key for every purpose, whose hash is found under the pepper. */
export async function openCredentials(databaseUrl: string, pepper: string): Promise<Credentials> {
  const dataSource = await createDataSource(ENVIRONMENT, { DATABASE_URL: databaseUrl }).initialize();
  try {
    const { text } = createApiKeyText(ENVIRONMENT);
    await writeOperatorKey(dataSource.manager, pepper, { text, name: 'measured' });
    return { key: text, headers: Object.freeze({ authorization: `Bearer ${text}` }), pepper };
  } finally {
    await dataSource.destroy();
  }
}
