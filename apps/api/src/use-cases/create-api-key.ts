import { type ApiKey, ApiKeyRepository, type NewApiKey, newId } from '@holdfast/db';
import { createApiKeyText, hashApiKey } from '../api-key-text';
import type { Database } from '../database';

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

/** @throws ReferenceMissingError if the user or the organization does not exist. */
export function createApiKey(
  database: Database,
  { environment, pepper }: ApiKeyForm,
  request: ApiKeyRequest,
): Promise<CreatedApiKey> {
  const id = newId();
  const { text, prefix } = createApiKeyText(environment);
  const row = { ...request, id, prefix, keyHash: hashApiKey(text, pepper) };
  return database.transaction(
    'create API key',
    async (manager) => ({ ...(await new ApiKeyRepository(manager).create(row)), key: text }),
    { wasApplied: async (manager) => (await new ApiKeyRepository(manager).findById(id)) !== null },
  );
}
