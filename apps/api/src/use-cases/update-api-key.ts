import { type ApiKey, type ApiKeyChange, ApiKeyRepository, type ExpectedVersions } from '@holdfast/db';
import type { Database } from '../database';
import { NotFoundError } from './not-found-error';

/**
 * Changes a key that is at one of the versions.
 *
 * @throws NotFoundError if there is none.
 * @throws RowChangedError if it has moved on.
 * @throws ApiKeySpentError if it is revoked or has been rotated.
 */
export async function updateApiKey(
  database: Database,
  id: string,
  change: ApiKeyChange,
  expected: ExpectedVersions,
): Promise<ApiKey> {
  const key = await database.statement(
    'update API key',
    (manager) => new ApiKeyRepository(manager).update(id, change, expected),
    { idempotent: false },
  );
  if (key === null) throw new NotFoundError('API key', id);
  return key;
}
