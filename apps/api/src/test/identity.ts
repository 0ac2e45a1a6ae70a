import type { ApiKey } from '@holdfast/db';
import { Identity } from '../identity';

/** What the database says of a key that has these rights. */
export function identityWith(
  rights: Partial<Pick<ApiKey, 'id' | 'organizationId' | 'scopes'>> = {},
): Identity {
  const key = { id: 'k', userId: 'u', organizationId: null, scopes: ['operate'], ...rights };
  return new Identity(key as ApiKey, Buffer.alloc(32));
}
