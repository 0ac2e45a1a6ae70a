import { type ApiKey, ApiKeyRepository, type NewApiKey, newId } from '@holdfast/db';
import { createApiKeyText, hashApiKey } from '../api-key-text';
import type { Database } from '../database';
import type { Identity } from '../identity';
import { requireOwnRights } from './key-rights';

/** How the keys of this service are made. */
export interface ApiKeyForm {
  /** Stands in every key. */
  readonly environment: string;
  /** Under which keys are hashed; a secret. */
  readonly pepper: string;
}

/** A key just made. Its text is shown to whoever asked for it, and kept nowhere. */
export type CreatedApiKey = ApiKey & { readonly key: string };

/** Who may use the key, and for what. */
export type ApiKeyRequest = Omit<NewApiKey, 'id' | 'keyHash' | 'prefix'>;

/**
 * Makes a key, of the caller's organization unless it says otherwise.
 *
 * @throws BeyondOwnRightsError if the caller's key has less than is asked for.
 * @throws ReferenceMissingError if the user or the organization does not exist.
 */
export async function createApiKey(
  database: Database,
  { environment, pepper }: ApiKeyForm,
  caller: Identity,
  request: ApiKeyRequest,
): Promise<CreatedApiKey> {
  const { organizationId = caller.organizationId } = request;
  requireOwnRights(caller, { ...request, organizationId });
  const id = newId();
  const { text, prefix } = createApiKeyText(environment);
  const row = { ...request, organizationId, id, prefix, keyHash: hashApiKey(text, pepper) };
  return database.transaction(
    'create API key',
    async (manager) => ({ ...(await new ApiKeyRepository(manager).create(row)), key: text }),
    { wasApplied: async (manager) => (await new ApiKeyRepository(manager).findById(id)) !== null },
  );
}
