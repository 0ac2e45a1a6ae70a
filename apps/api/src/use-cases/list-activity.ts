import { type ActivityOfType, OrganizationActivityRepository, OrganizationRepository } from '@holdfast/db';
import type { Database } from '../database';
import { NotFoundError } from './not-found-error';

/**
 * What workers have handled for an organization, by type of event, those of most events first. It comes after the events, by as much as
 * workers are behind.
 *
 * @throws NotFoundError if there is no such organization.
 */
export function listActivity(database: Database, organizationId: string): Promise<ActivityOfType[]> {
  return database.read('list activity of organization', async (manager) => {
    const activity = await new OrganizationActivityRepository(manager).listByOrganization(organizationId);
    // Only an empty list leaves open whether there is such an organization, so the common case stays one query.
    if (
      activity.length === 0 &&
      (await new OrganizationRepository(manager).findById(organizationId)) === null
    ) {
      throw new NotFoundError('organization', organizationId);
    }
    return activity;
  });
}
