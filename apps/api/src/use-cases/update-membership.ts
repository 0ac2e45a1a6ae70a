import {
  type ExpectedVersions,
  type Membership,
  type MembershipChange,
  MembershipRepository,
} from '@holdfast/db';
import type { Database } from '../database';
import { NotFoundError } from './not-found-error';

/**
 * Changes a membership that is at one of the versions.
 *
 * @throws NotFoundError if there is none.
 * @throws RowChangedError if it has moved on.
 */
export async function updateMembership(
  database: Database,
  id: string,
  change: MembershipChange,
  expected: ExpectedVersions,
): Promise<Membership> {
  const membership = await database.statement(
    'update membership',
    (manager) => new MembershipRepository(manager).update(id, change, expected),
    { idempotent: false },
  );
  if (membership === null) throw new NotFoundError('membership', id);
  return membership;
}
