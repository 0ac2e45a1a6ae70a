import { type Page, type PageRequest, type User, UserRepository } from '@holdfast/db';
import type { Database } from '../database';

/** Active users who have logged in, latest login first. @throws InvalidCursorError */
export function listRecentlyActiveUsers(database: Database, page: PageRequest): Promise<Page<User>> {
  return database.read('list recently active users', (manager) =>
    new UserRepository(manager).pageByLatestLogin(page),
  );
}
