import { type Membership, MembershipRepository } from '@holdfast/db';
import type { Database } from '../database';
import { NotFoundError } from './not-found-error';

/** @throws NotFoundError if there is none. */
export async function readMembership(database: Database, id: string): Promise<Membership> {
  const membership = await database.read('read membership', (manager) =>
    new MembershipRepository(manager).findById(id),
  );
  if (membership === null) throw new NotFoundError('membership', id);
  return membership;
}
