import { type ApiKey, ApiKeyRepository } from '@holdfast/db';
import { hashApiKey, isApiKeyText } from '../api-key-text';
import type { Database } from '../database';
import { Identity } from '../identity';

/**
 * Whose key a client presents, if it can be used at this moment; its use is noted, at most once a minute. What is no key
 * by its form or checksum costs no query.
 */
export async function identifyApiKey(
  database: Database,
  { pepper, now }: { readonly pepper: string; readonly now: Date },
  text: string,
): Promise<Identity | null> {
  if (!isApiKeyText(text)) return null;
  const keyHash = hashApiKey(text, pepper);
  const key = await database.read('identify API key', (manager) =>
    new ApiKeyRepository(manager).findUsable(keyHash, now),
  );
  if (key !== null && isUseDue(key, now)) {
    const noted = database.statement(
      'record use of API key',
      (manager) => new ApiKeyRepository(manager).recordUse(keyHash, now),
      { idempotent: true },
    );
    // The key is as good without the note, as after a failover to a server that takes no writes yet.
    await noted.catch(() => undefined);
  }
  return key && new Identity(key, keyHash);
}

/** Most uses are within the minute, and need no statement to find that out. */
function isUseDue({ lastUsedAt }: ApiKey, now: Date): boolean {
  return lastUsedAt === null || now.getTime() - lastUsedAt.getTime() > USE_RESOLUTION_MS;
}

/** As the repository counts uses. */
const USE_RESOLUTION_MS = 60_000;
