import { Organization } from '@holdfast/db';
import type { Database } from '../database';
import { NotFoundError } from './not-found-error';

/** @throws NotFoundError if there is none. */
export async function readOrganization(database: Database, id: string): Promise<Organization> {
  const organization = await database.findOneBy('read organization', Organization, { id });
  if (organization === null) throw new NotFoundError('organization', id);
  return organization;
}
