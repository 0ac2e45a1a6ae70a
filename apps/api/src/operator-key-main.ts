import { createDataSource } from '@holdfast/db';
import { closeDataSource, openDataSource } from '@holdfast/postgres';
import { createApiKeyText } from './api-key-text';
import { writeOperatorKey } from './operator-key';
import { readServiceSettings } from './settings';

/**
 * Makes an API key of an operator and writes it to standard output, once: the first key there is, which makes all others. Reads
 * the settings of the service; the role in `DATABASE_URL` must own the tables.
 */
async function main(): Promise<void> {
  const [name = 'operator'] = process.argv.slice(2);
  const { environment, variables, apiKeyPepper } = readServiceSettings(process.env);
  const dataSource = await openDataSource(
    createDataSource(environment, { ...variables, DATABASE_POOL_MIN: '0' }),
    { attempts: 1 },
  );
  try {
    const { text } = createApiKeyText(environment);
    await writeOperatorKey(dataSource.manager, apiKeyPepper, { text, name });
    process.stdout.write(`${text}\n`);
  } finally {
    await closeDataSource(dataSource);
  }
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`operator-key: ${message.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  process.exitCode = 1;
});
