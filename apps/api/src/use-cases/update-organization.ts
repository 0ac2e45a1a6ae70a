import {
  type ExpectedVersions,
  type Organization,
  type OrganizationChange,
  OrganizationRepository,
} from '@holdfast/db';
import type { Database } from '../database';
import { NotFoundError } from './not-found-error';

/**
 * Changes an organization that is at one of the versions.
 *
 * @throws NotFoundError if there is none.
 * @throws RowChangedError if it has moved on.
 * @throws AlreadyExistsError if the domain or the external id is taken.
 */
export async function updateOrganization(
  database: Database,
  id: string,
  change: OrganizationChange,
  expected: ExpectedVersions,
): Promise<Organization> {
  const organization = await database.statement(
    'update organization',
    (manager) => new OrganizationRepository(manager).update(id, change, expected),
    { idempotent: false },
  );
  if (organization === null) throw new NotFoundError('organization', id);
  return organization;
}
