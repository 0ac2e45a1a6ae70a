import { type NewOrganization, type Organization, OrganizationRepository } from '@holdfast/db';
import type { UnitOfWork } from '../unit-of-work';

/** @throws AlreadyExistsError if the domain or the external id is taken. */
export function createOrganization(
  database: UnitOfWork,
  organization: NewOrganization,
): Promise<Organization> {
  return database.write('create organization', (manager) =>
    new OrganizationRepository(manager).create(organization),
  );
}
