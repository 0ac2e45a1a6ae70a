import { type ExpectedVersions, MembershipRepository } from '@holdfast/db';
import type { Database } from '../database';
import { NotFoundError } from './not-found-error';

/**
 * Deletes a membership that is at one of the versions.
 *
 * @throws NotFoundError if there is none.
 * @throws RowChangedError if it has moved on.
 */
export async function deleteMembership(
  database: Database,
  id: string,
  expected: ExpectedVersions,
): Promise<void> {
  const deleted = await database.statement(
    'delete membership',
    (manager) => new MembershipRepository(manager).delete(id, expected),
    { idempotent: false },
  );
  if (!deleted) throw new NotFoundError('membership', id);
}
