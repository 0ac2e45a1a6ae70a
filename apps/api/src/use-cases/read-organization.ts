import { type Organization, OrganizationRepository } from '@holdfast/db';
import type { UnitOfWork } from '../unit-of-work';
import { NotFoundError } from './not-found-error';

/** @throws NotFoundError if there is none. */
export async function readOrganization(database: UnitOfWork, id: string): Promise<Organization> {
  const organization = await database.read('read organization', (manager) =>
    new OrganizationRepository(manager).findById(id),
  );
  if (organization === null) throw new NotFoundError('organization', id);
  return organization;
}
