import { createRepository, type EntityRepository } from '@holdfast/postgres';
import type { EntityManager } from 'typeorm';
import { User, type UserRole, type UserStatus } from '../entities/user.entity';
import { newId } from '../new-id';
import { changeRow, type ExpectedVersions } from './conditional-change';
import { Keyset, type Page, type PageRequest } from './keyset';
import { requireLimit } from './limit';
import { refusalOf } from './refusals';
import { cursorId, cursorTime, LAST_ID } from './sort-key';

export interface NewUser {
  /** Default: a new one. A caller that gives it can look up whether the row was written. */
  readonly id?: string | undefined;
  readonly email?: string | null | undefined;
  readonly firstName?: string | null | undefined;
  readonly lastName?: string | null | undefined;
  readonly status?: UserStatus | undefined;
  readonly role?: UserRole | undefined;
  readonly externalId?: string | null | undefined;
}

/** What may change; what is left out stays. */
export type UserChange = Partial<Omit<NewUser, 'id'>>;

const SUBJECT = { target: User, entity: 'user' };

const byRole = new Keyset('users-by-status-and-role', [cursorTime, cursorId], (row: User) => [
  row.createdAt.toISOString(),
  row.id,
]);

const byLogin = new Keyset('users-by-login', [cursorTime, cursorId], (row: User) => [
  // The list holds only users who have logged in.
  (row.lastLoginAt as Date).toISOString(),
  row.id,
]);

/** By its bytes, as in the indexes, whatever the database's collation. */
const BY_LAST_NAME = 'order by lower(u.last_name) collate "C", u.id';

/** Questions about users. Each method names the index that answers it. */
export class UserRepository {
  readonly #manager: EntityManager;
  readonly #users: EntityRepository<User>;

  constructor(manager: EntityManager) {
    this.#manager = manager;
    this.#users = createRepository(manager, User);
  }

  /** @throws AlreadyExistsError if the e-mail, in any case, or the external id is taken. */
  async create(user: NewUser): Promise<User> {
    const row = {
      id: user.id ?? newId(),
      email: user.email ?? null,
      firstName: user.firstName ?? null,
      lastName: user.lastName ?? null,
      status: user.status ?? 'active',
      role: user.role ?? 'member',
      externalId: user.externalId ?? null,
      lastLoginAt: null,
      currentLoginAt: null,
    };
    try {
      return await this.#users.insert(row);
    } catch (error) {
      throw refusalOf('user', error);
    }
  }

  /**
   * Changes a user who is at one of the versions. Resolves to the user, or to null if there is none. Index: users_pkey.
   *
   * @throws RowChangedError
   * @throws AlreadyExistsError if the e-mail, in any case, or the external id is taken.
   */
  async update(id: string, change: UserChange, expected: ExpectedVersions): Promise<User | null> {
    try {
      return await changeRow(this.#manager, SUBJECT, id, change, expected);
    } catch (error) {
      throw refusalOf('user', error);
    }
  }

  /** Index: users_pkey. */
  findById(id: string): Promise<User | null> {
    return this.#users.findById(id);
  }

  /** Without regard to case. Index: idx_users_email_lower. */
  async findByEmail(email: string): Promise<User | null> {
    const [user] = await this.#find('user_by_email($1)', [email]);
    return user ?? null;
  }

  /** Index: idx_users_external_id. */
  findByExternalId(externalId: string): Promise<User | null> {
    return this.#users.findOne({ where: { externalId } });
  }

  /**
   * Users with this first name whose last name starts with the text, without regard to case, by the bytes of the last name
   * in small letters. Planned for its names each time: some are a thousand times as frequent as others.
   * Index: idx_users_name_search.
   *
   * @throws InvalidLimitError unless the limit is 1 to 500.
   */
  async searchByName(firstName: string, lastNamePrefix = '', limit = 20): Promise<User[]> {
    const rows = requireLimit(limit);
    return this.#find('users_by_name($1, $2, $3)', [firstName, lastNamePrefix, rows], BY_LAST_NAME);
  }

  /**
   * Users whose last name starts with the text, in the same order. Index: idx_users_last_name.
   *
   * @throws InvalidLimitError unless the limit is 1 to 500.
   */
  async searchByLastName(lastNamePrefix: string, limit = 20): Promise<User[]> {
    const rows = requireLimit(limit);
    return this.#find('users_by_last_name($1, $2)', [lastNamePrefix, rows], BY_LAST_NAME);
  }

  /** Users of a status and role, newest first. Index: idx_users_status_role. */
  pageByStatusAndRole(status: UserStatus, role: UserRole, request: PageRequest = {}): Promise<Page<User>> {
    return byRole.read(request, ([at, id] = ['infinity', LAST_ID], take) =>
      this.#find(
        'users_by_role($1, $2, $3, $4, $5)',
        [status, role, at, id, take],
        'order by u.created_at desc, u.id desc',
      ),
    );
  }

  /** Active users who have logged in, latest login first. Index: idx_users_login_activity. */
  pageByLatestLogin(request: PageRequest = {}): Promise<Page<User>> {
    return byLogin.read(request, ([at, id] = ['infinity', LAST_ID], take) =>
      this.#find('users_by_login($1, $2, $3)', [at, id, take], 'order by u.last_login_at desc, u.id desc'),
    );
  }

  /** Marks the start of a session; the one before becomes the last login. */
  async recordLogin(id: string, at: Date): Promise<void> {
    await this.#manager.query(RECORD_LOGIN, [id, at]);
  }

  /** @param finder A function of the schema tenancy, as it is called. */
  #find(finder: string, values: readonly unknown[], order = ''): Promise<User[]> {
    const text = `select ${this.#users.columnsOf('u')} from tenancy.${finder} u ${order}`;
    return this.#users.query(text, values, { fromReplica: true });
  }
}

// A login is no change that somebody may have to know of: the version stays.
const RECORD_LOGIN = `
  update users u
  set last_login_at = coalesce(u.current_login_at, $2), current_login_at = $2, updated_at = now()
  where u.id = $1`;
