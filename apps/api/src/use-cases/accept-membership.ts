import { type Membership, MembershipRepository } from '@holdfast/db';
import type { Database } from '../database';
import type { Identity } from '../identity';
import { NotFoundError } from './not-found-error';

/** A membership was to be accepted by another than the one who is invited. */
export class OthersInvitationError extends Error {
  override readonly name = 'OthersInvitationError';
  readonly code = 'HOLDFAST_OTHERS_INVITATION';

  constructor(readonly id: string) {
    super(`membership ${id} is accepted by its user alone`);
  }
}

/** A membership that is suspended or has ended is no invitation any more. */
export class InvitationClosedError extends Error {
  override readonly name = 'InvitationClosedError';
  readonly code = 'HOLDFAST_INVITATION_CLOSED';

  constructor(readonly id: string) {
    super(`membership ${id} is no invitation any more`);
  }
}

/**
 * The user of the caller's key is an active member from then on, also if they were before.
 *
 * @throws NotFoundError if there is no such membership.
 * @throws OthersInvitationError if it is another user's.
 * @throws InvitationClosedError if it is suspended or has ended.
 */
export function acceptMembership(database: Database, { userId }: Identity, id: string): Promise<Membership> {
  return database.statement(
    'accept membership',
    async (manager) => {
      const memberships = new MembershipRepository(manager);
      const isAccepted = await memberships.accept(id);
      const membership = await memberships.findById(id);
      if (membership === null) throw new NotFoundError('membership', id);
      if (isAccepted) return membership;
      if (membership.userId !== userId) throw new OthersInvitationError(id);
      if (membership.status !== 'active') throw new InvitationClosedError(id);
      return membership;
    },
    { idempotent: true },
  );
}
