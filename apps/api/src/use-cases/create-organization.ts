import { type NewOrganization, newId, type Organization, OrganizationRepository } from '@holdfast/db';
import type { Database } from '../database';

/** @throws AlreadyExistsError if the domain or the external id is taken. */
export function createOrganization(database: Database, organization: NewOrganization): Promise<Organization> {
  const id = newId();
  return database.transaction(
    'create organization',
    (manager) => new OrganizationRepository(manager).create({ ...organization, id }),
    { wasApplied: async (manager) => (await new OrganizationRepository(manager).findById(id)) !== null },
  );
}
