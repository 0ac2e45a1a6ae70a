import { type Page, type User, UserRepository, type UserRole, type UserStatus } from '@holdfast/db';
import type { Database } from '../database';

/** The ways to ask for users; each is answered by an index of its own. */
export type UserQuestion =
  | {
      by: 'status-and-role';
      status: UserStatus;
      role: UserRole;
      limit?: number | undefined;
      cursor?: string | undefined;
    }
  | { by: 'name'; firstName: string; lastNamePrefix?: string | undefined; limit?: number | undefined }
  | { by: 'email'; email: string }
  | { by: 'external-id'; externalId: string };

/**
 * By status and role newest first, page by page; by name in order of last names, in one page; by e-mail or external id
 * the one there is.
 *
 * @throws InvalidCursorError
 */
export function listUsers(database: Database, question: UserQuestion): Promise<Page<User>> {
  return database.read(`list users by ${question.by}`, async (manager) => {
    const users = new UserRepository(manager);
    switch (question.by) {
      case 'status-and-role':
        return users.pageByStatusAndRole(question.status, question.role, question);
      case 'name': {
        const { firstName, lastNamePrefix, limit } = question;
        return { items: await users.searchByName(firstName, lastNamePrefix, limit), nextCursor: null };
      }
      case 'email':
        return onlyPage(await users.findByEmail(question.email));
      case 'external-id':
        return onlyPage(await users.findByExternalId(question.externalId));
      default:
        return question satisfies never;
    }
  });
}

function onlyPage(user: User | null): Page<User> {
  return { items: user === null ? [] : [user], nextCursor: null };
}
