import type { ApiKeyScope } from '@holdfast/db';
import type { Identity } from '../identity';

/** A key was to get what the key that asks for it does not have itself. */
export class BeyondOwnRightsError extends Error {
  override readonly name = 'BeyondOwnRightsError';
  readonly code = 'HOLDFAST_BEYOND_OWN_RIGHTS';

  constructor(readonly field: keyof KeyRights) {
    super('a key can give no more than it has itself');
  }
}

/** What a key is good for. */
export interface KeyRights {
  readonly scopes?: readonly ApiKeyScope[] | undefined;
  readonly organizationId?: string | null | undefined;
  readonly userId?: string | undefined;
}

/**
 * Refuses what would be more than the caller has: another scope, another organization or none, another user, whose own rows
 * the key would reach. A key of an operator may be for anybody.
 *
 * @throws BeyondOwnRightsError
 */
export function requireOwnRights(caller: Identity, { scopes = [], organizationId, userId }: KeyRights): void {
  if (scopes.some((scope) => !caller.scopes.includes(scope))) throw new BeyondOwnRightsError('scopes');
  if (caller.organizationId === null) return;
  if (organizationId !== undefined && organizationId !== caller.organizationId) {
    throw new BeyondOwnRightsError('organizationId');
  }
  if (userId !== undefined && userId !== caller.userId) throw new BeyondOwnRightsError('userId');
}
