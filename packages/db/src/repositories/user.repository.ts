import { CUSTOM_PLAN } from '@holdfast/postgres';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import { User, type UserRole, type UserStatus } from '../entities/user.entity';
import { newId } from '../new-id';
import { changeRow, type ExpectedVersions } from './conditional-change';
import { Keyset, type Page, type PageRequest } from './keyset';
import { requireLimit } from './limit';
import { refusalOf } from './refusals';
import { cursorId, cursorTime } from './sort-key';

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

/** By its bytes, as in the indexes: texts that begin with another are a range then. */
const FIRST_NAME = 'lower(u.firstName) collate "C"';
const LAST_NAME = 'lower(u.lastName) collate "C"';
const OF_KNOWN_PREFIX = 'lower(:lastName)';
/** The same as a sub-query, whose result no plan knows: half a percent of the rows are expected, whatever the text. */
const OF_UNKNOWN_PREFIX = `(select ${OF_KNOWN_PREFIX})`;
/** No text of this beginning comes after the beginning and the last character that there is. */
const LAST_CHARACTER = 'chr(1114111)';

/** Questions about users. Each method names the index that answers it. */
export class UserRepository {
  readonly #manager: EntityManager;

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  /** @throws AlreadyExistsError if the e-mail, in any case, or the external id is taken. */
  async create(user: NewUser): Promise<User> {
    const row = this.#manager.create(User, {
      id: user.id ?? newId(),
      email: user.email ?? null,
      firstName: user.firstName ?? null,
      lastName: user.lastName ?? null,
      status: user.status ?? 'active',
      role: user.role ?? 'member',
      externalId: user.externalId ?? null,
      lastLoginAt: null,
      currentLoginAt: null,
    });
    try {
      await this.#manager.insert(User, row);
      return row;
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
    return this.#rows().where('u.id = :id', { id }).getOne();
  }

  /** Without regard to case. Index: idx_users_email_lower. */
  findByEmail(email: string): Promise<User | null> {
    return this.#rows().where('lower(u.email) = lower(:email)', { email }).getOne();
  }

  /** Index: idx_users_external_id. */
  findByExternalId(externalId: string): Promise<User | null> {
    return this.#rows().where('u.externalId = :externalId', { externalId }).getOne();
  }

  /**
   * Users with this first name whose last name starts with the text, without regard to case, by the bytes of the last name
   * in small letters. Planned for its names each time: some are a thousand times as frequent as others.
   * Index: idx_users_name_search.
   *
   * @throws InvalidLimitError unless the limit is 1 to 500.
   */
  async searchByName(firstName: string, lastNamePrefix = '', limit = 20): Promise<User[]> {
    return this.#byLastName(lastNamePrefix, limit)
      .comment(CUSTOM_PLAN)
      .andWhere(`${FIRST_NAME} = lower(:firstName)`, { firstName })
      .andWhere('u.firstName is not null')
      .getMany();
  }

  /**
   * Users whose last name starts with the text, in the same order. Planned for any text alike: of a narrow range the server
   * expects a few rows where there may be hundreds, and would read and sort them all. Index: idx_users_last_name.
   *
   * @throws InvalidLimitError unless the limit is 1 to 500.
   */
  async searchByLastName(lastNamePrefix: string, limit = 20): Promise<User[]> {
    return this.#byLastName(lastNamePrefix, limit, OF_UNKNOWN_PREFIX).getMany();
  }

  /** Users of a status and role, newest first. Index: idx_users_status_role. */
  pageByStatusAndRole(status: UserStatus, role: UserRole, request: PageRequest = {}): Promise<Page<User>> {
    return byRole.read(request, (after, take) => {
      const query = this.#rows().where('u.status = :status and u.role = :role', { status, role });
      if (after !== undefined) {
        query.andWhere('(u.createdAt, u.id) < (:createdAt, :id)', { createdAt: after[0], id: after[1] });
      }
      return query.orderBy('u.createdAt', 'DESC').addOrderBy('u.id', 'DESC').limit(take).getMany();
    });
  }

  /** Active users who have logged in, latest login first. Index: idx_users_login_activity. */
  pageByLatestLogin(request: PageRequest = {}): Promise<Page<User>> {
    return byLogin.read(request, (after, take) => {
      const query = this.#rows().where(`u.status = 'active' and u.lastLoginAt is not null`);
      if (after !== undefined) {
        query.andWhere('(u.lastLoginAt, u.id) < (:lastLoginAt, :id)', {
          lastLoginAt: after[0],
          id: after[1],
        });
      }
      return query
        .orderBy('u.lastLoginAt', 'DESC', 'NULLS LAST')
        .addOrderBy('u.id', 'DESC')
        .limit(take)
        .getMany();
    });
  }

  /** Marks the start of a session; the one before becomes the last login. */
  async recordLogin(id: string, at: Date): Promise<void> {
    await this.#manager
      .createQueryBuilder()
      .update(User)
      .set({ lastLoginAt: () => 'coalesce(current_login_at, :at)', currentLoginAt: at })
      .setParameter('at', at)
      .where('id = :id', { id })
      .execute();
  }

  #byLastName(lastName: string, limit: number, prefix = OF_KNOWN_PREFIX): SelectQueryBuilder<User> {
    return this.#rows()
      .where(`${LAST_NAME} >= ${prefix}`, { lastName })
      .andWhere(`${LAST_NAME} < ${prefix} || ${LAST_CHARACTER}`)
      .andWhere('u.lastName is not null')
      .orderBy(LAST_NAME)
      .addOrderBy('u.id')
      .limit(requireLimit(limit));
  }

  #rows() {
    return this.#manager.createQueryBuilder(User, 'u');
  }
}
