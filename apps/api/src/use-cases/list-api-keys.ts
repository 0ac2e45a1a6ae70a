import { type ApiKey, ApiKeyRepository, type ApiKeyStatus, type Page, type PageRequest } from '@holdfast/db';
import type { Database } from '../database';

/** The ways to ask for API keys; each is answered by an index of its own. */
export type ApiKeyQuestion = (
  | { by: 'user'; userId: string; status: ApiKeyStatus }
  | { by: 'organization'; organizationId: string; status: ApiKeyStatus }
  | { by: 'expiry'; before: Date }
  | { by: 'latest use' }
) &
  PageRequest;

/**
 * Of a user or an organization in one status, oldest first; active ones that expire before a moment, soonest first; active
 * ones that were used, latest use first.
 *
 * @throws InvalidCursorError
 */
export function listApiKeys(database: Database, question: ApiKeyQuestion): Promise<Page<ApiKey>> {
  return database.read(`list API keys by ${question.by}`, async (manager) => {
    const keys = new ApiKeyRepository(manager);
    switch (question.by) {
      case 'user':
        return keys.pageByUser(question.userId, question.status, question);
      case 'organization':
        return keys.pageByOrganization(question.organizationId, question.status, question);
      case 'expiry':
        return keys.pageExpiringBefore(question.before, question);
      case 'latest use':
        return keys.pageByLatestUse(question);
      default:
        return question satisfies never;
    }
  });
}
