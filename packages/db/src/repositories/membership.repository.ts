import { CUSTOM_PLAN, createRepository, type EntityRepository } from '@holdfast/postgres';
import { type EntityManager, In, MoreThan } from 'typeorm';
import { Membership, type MembershipRole, type MembershipStatus } from '../entities/membership.entity';
import { newId } from '../new-id';
import { changeRow, deleteRow, type ExpectedVersions } from './conditional-change';
import { Keyset, type Page, type PageRequest } from './keyset';
import { refusalOf } from './refusals';
import { cursorId } from './sort-key';

export interface NewMembership {
  /** Default: a new one. A caller that gives it can look up whether the row was written. */
  readonly id?: string | undefined;
  readonly userId: string;
  readonly organizationId: string;
  readonly role?: MembershipRole | undefined;
  readonly status?: MembershipStatus | undefined;
}

/** What may change; what is left out stays. Who belongs where is another membership. */
export type MembershipChange = Partial<Pick<NewMembership, 'role' | 'status'>>;

const SUBJECT = { target: Membership, entity: 'membership' };

const byRole = new Keyset('members-by-role', [cursorId], (row: Membership) => [row.id]);

/** Questions about who belongs where. Each method names the index that answers it. */
export class MembershipRepository {
  readonly #manager: EntityManager;
  readonly #memberships: EntityRepository<Membership>;

  constructor(manager: EntityManager) {
    this.#manager = manager;
    this.#memberships = createRepository(manager, Membership);
  }

  /**
   * @throws AlreadyExistsError if the user is in the organization already, in whatever role or status.
   * @throws ReferenceMissingError if either does not exist.
   */
  async create(membership: NewMembership): Promise<Membership> {
    const row = {
      id: membership.id ?? newId(),
      userId: membership.userId,
      organizationId: membership.organizationId,
      role: membership.role ?? 'member',
      status: membership.status ?? 'active',
    };
    try {
      return await this.#memberships.insert(row);
    } catch (error) {
      throw refusalOf('membership', error);
    }
  }

  /**
   * Changes a membership that is at one of the versions. Resolves to it, or to null if there is none.
   * Index: user_organizations_pkey.
   *
   * @throws RowChangedError
   * @throws NotPermittedError if another than its user or an operator would make it active.
   */
  async update(id: string, change: MembershipChange, expected: ExpectedVersions): Promise<Membership | null> {
    try {
      return await changeRow(this.#manager, SUBJECT, id, change, expected);
    } catch (error) {
      throw refusalOf('membership', error);
    }
  }

  /**
   * The invitation of the user whose key the transaction acts for is accepted. Resolves to whether it was one: it is pending, and
   * nobody else's. Index: user_organizations_pkey.
   */
  async accept(id: string): Promise<boolean> {
    const [row] = await this.#manager.query<[{ accepted: boolean }]>(
      'select tenancy.accept_membership($1) as accepted',
      [id],
    );
    return row.accepted;
  }

  /**
   * Deletes a membership that is at one of the versions. Resolves to whether there was one.
   * Index: user_organizations_pkey.
   *
   * @throws RowChangedError
   */
  delete(id: string, expected: ExpectedVersions): Promise<boolean> {
    return deleteRow(this.#manager, SUBJECT, id, expected);
  }

  /** Index: user_organizations_pkey. */
  findById(id: string): Promise<Membership | null> {
    return this.#memberships.findById(id);
  }

  /** Index: idx_user_orgs_user_status. */
  findByUserAndOrganization(userId: string, organizationId: string): Promise<Membership | null> {
    return this.#memberships.findOne({ where: { userId, organizationId } });
  }

  /**
   * Where the user belongs or is invited to. Small, so not paged: a user is in tens of organizations, not
   * thousands. Index: idx_user_orgs_user_status, without touching the table.
   */
  listOrganizationsOfUser(userId: string): Promise<Pick<Membership, 'organizationId' | 'role' | 'status'>[]> {
    return this.#memberships.find({
      select: ['organizationId', 'role', 'status'],
      where: { userId, status: In(['active', 'pending']) },
    });
  }

  /**
   * Members of an organization in one role and status, by default active ones, in the order they joined. Planned for its
   * organization each time, as organizations differ much in size. Index: idx_user_orgs_org_role.
   */
  pageMembersByRole(
    organizationId: string,
    role: MembershipRole,
    { status = 'active', ...request }: PageRequest & { readonly status?: MembershipStatus | undefined } = {},
  ): Promise<Page<Membership>> {
    const members = { organizationId, role, status };
    return byRole.read(request, (after, take) =>
      this.#memberships.find({
        comment: CUSTOM_PLAN,
        where: after === undefined ? members : { ...members, id: MoreThan(after[0]) },
        order: { id: 'ASC' },
        limit: take,
      }),
    );
  }
}
