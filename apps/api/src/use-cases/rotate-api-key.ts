import { type ApiKey, ApiKeyRepository, newId } from '@holdfast/db';
import { createApiKeyText, hashApiKey } from '../api-key-text';
import type { Database } from '../database';
import type { Identity } from '../identity';
import type { ApiKeyForm, CreatedApiKey } from './create-api-key';
import { requireOwnRights } from './key-rights';
import { NotFoundError } from './not-found-error';

export interface Rotation {
  /** How long both keys work, in s; 0 ends the old one at once. */
  readonly overlapSeconds: number;
  /** End of the new key; null for none. Default: it lives as long as the old one was made for. */
  readonly expiresAt?: Date | null | undefined;
  readonly now: Date;
}

/** So long a key whose overlap is 0 works on within the transaction that ends it, which may be acting for it, in s. */
const UNTIL_ITS_END_S = 60;

/**
 * Makes a key that takes the place of another: same owner, name and scopes. The old one works on until the overlap is over.
 *
 * @throws NotFoundError if there is none.
 * @throws BeyondOwnRightsError if it has more than the key of the caller, who would get it.
 * @throws ApiKeySpentError if it is revoked, has expired or has been rotated.
 */
export function rotateApiKey(
  database: Database,
  { environment, pepper }: ApiKeyForm,
  caller: Identity,
  id: string,
  rotation: Rotation,
): Promise<CreatedApiKey> {
  const successorId = newId();
  const { text, prefix } = createApiKeyText(environment);
  const keyHash = hashApiKey(text, pepper);
  const { overlapSeconds } = rotation;
  return database.transaction(
    'rotate API key',
    async (manager) => {
      const keys = new ApiKeyRepository(manager);
      const before = await keys.findById(id);
      if (before !== null) requireOwnRights(caller, before);
      const retired = before && (await keys.retire(id, successorId, overlapSeconds || UNTIL_ITS_END_S));
      if (before === null || retired === null) throw new NotFoundError('API key', id);
      // As it is now that nobody else can change it.
      requireOwnRights(caller, retired);
      const successor = await keys.create({
        id: successorId,
        userId: retired.userId,
        organizationId: retired.organizationId,
        name: retired.name,
        scopes: retired.scopes,
        prefix,
        keyHash,
        expiresAt: rotation.expiresAt === undefined ? renewed(before, rotation.now) : rotation.expiresAt,
      });
      // Last, since under its policies it may be the key that all this is done for.
      if (overlapSeconds === 0) await keys.revoke(id);
      return { ...successor, key: text };
    },
    // By its hash, for which nobody need act: the caller's key may be the one that has ended.
    {
      wasApplied: async (manager) =>
        (await new ApiKeyRepository(manager).findUsable(keyHash, rotation.now)) !== null,
    },
  );
}

/** The last moment that can be written with four digits for its year, as answers are. */
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** The end of a key that lives as long as this one, from now; no end that nobody could be told. */
function renewed({ createdAt, expiresAt }: ApiKey, now: Date): Date | null {
  if (expiresAt === null) return null;
  return new Date(Math.min(LAST_MS, now.getTime() + expiresAt.getTime() - createdAt.getTime()));
}
