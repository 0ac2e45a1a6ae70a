import { type ApiKey, type ApiKeyChange, ApiKeyRepository, type ExpectedVersions } from '@holdfast/db';
import type { Database } from '../database';
import type { Identity } from '../identity';
import { requireOwnRights } from './key-rights';
import { NotFoundError } from './not-found-error';

/**
 * Changes a key that is at one of the versions.
 *
 * @throws BeyondOwnRightsError if it would get a scope that the caller's key does not have.
 * @throws NotFoundError if there is none.
 * @throws RowChangedError if it has moved on.
 * @throws ApiKeySpentError if it is revoked or has been rotated.
 */
export async function updateApiKey(
  database: Database,
  caller: Identity,
  id: string,
  change: ApiKeyChange,
  expected: ExpectedVersions,
): Promise<ApiKey> {
  requireOwnRights(caller, { scopes: change.scopes });
  const key = await database.statement(
    'update API key',
    (manager) => new ApiKeyRepository(manager).update(id, change, expected),
    { idempotent: false },
  );
  if (key === null) throw new NotFoundError('API key', id);
  return key;
}
