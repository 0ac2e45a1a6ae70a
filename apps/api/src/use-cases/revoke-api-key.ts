import { type ApiKey, ApiKeyRepository } from '@holdfast/db';
import type { Database } from '../database';
import { NotFoundError } from './not-found-error';

/** The key can no longer be used, from this moment on. @throws NotFoundError if there is none. */
export function revokeApiKey(database: Database, id: string): Promise<ApiKey> {
  return database.statement(
    'revoke API key',
    async (manager) => {
      const key = await new ApiKeyRepository(manager).revoke(id);
      if (key === null) throw new NotFoundError('API key', id);
      return key;
    },
    { idempotent: true },
  );
}
