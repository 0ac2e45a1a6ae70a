import { type ApiKey, ApiKeyRepository } from '@holdfast/db';
import type { Database } from '../database';
import { NotFoundError } from './not-found-error';

/** @throws NotFoundError if there is none. */
export async function readApiKey(database: Database, id: string): Promise<ApiKey> {
  const key = await database.read('read API key', (manager) => new ApiKeyRepository(manager).findById(id));
  if (key === null) throw new NotFoundError('API key', id);
  return key;
}
