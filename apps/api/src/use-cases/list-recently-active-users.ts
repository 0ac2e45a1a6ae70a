import { type Page, type PageRequest, type User, UserRepository } from '@holdfast/db';
import type { UnitOfWork } from '../unit-of-work';

/** Active users who have logged in, latest login first. @throws InvalidCursorError */
export function listRecentlyActiveUsers(database: UnitOfWork, page: PageRequest): Promise<Page<User>> {
  return database.read('list recently active users', (manager) =>
    new UserRepository(manager).pageByLatestLogin(page),
  );
}
