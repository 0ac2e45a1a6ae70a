import { type Organization, OrganizationRepository, type OrganizationStatus, type Page } from '@holdfast/db';
import type { Database } from '../database';

/** The ways to ask for organizations; each is answered by an index of its own. */
export type OrganizationQuestion =
  | { by: 'status'; status: OrganizationStatus; limit?: number | undefined; cursor?: string | undefined }
  | { by: 'name'; name: string; limit?: number | undefined }
  | { by: 'domain'; domain: string }
  | { by: 'external-id'; externalId: string };

/**
 * By status newest first, page by page; by name the most similar, in one page; by domain or external id the one there is.
 *
 * @throws InvalidCursorError
 */
export function listOrganizations(
  database: Database,
  question: OrganizationQuestion,
): Promise<Page<Organization>> {
  return database.read(`list organizations by ${question.by}`, async (manager) => {
    const organizations = new OrganizationRepository(manager);
    switch (question.by) {
      case 'status':
        return organizations.pageByStatus(question.status, question);
      case 'name':
        return { items: await organizations.searchByName(question.name, question.limit), nextCursor: null };
      case 'domain':
        return onlyPage(await organizations.findByDomain(question.domain));
      case 'external-id':
        return onlyPage(await organizations.findByExternalId(question.externalId));
      default:
        return question satisfies never;
    }
  });
}

function onlyPage(organization: Organization | null): Page<Organization> {
  return { items: organization === null ? [] : [organization], nextCursor: null };
}
