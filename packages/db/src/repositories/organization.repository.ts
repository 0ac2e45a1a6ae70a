import { createRepository, type EntityRepository } from '@holdfast/postgres';
import type { EntityManager } from 'typeorm';
import { Organization, type OrganizationStatus } from '../entities/organization.entity';
import { newId } from '../new-id';
import { changeRow, type ExpectedVersions } from './conditional-change';
import { Keyset, type Page, type PageRequest } from './keyset';
import { likeContaining } from './like';
import { requireLimit } from './limit';
import { refusalOf } from './refusals';
import { cursorId, cursorTime, LAST_ID } from './sort-key';

export interface NewOrganization {
  /** Default: a new one. A caller that gives it can look up whether the row was written. */
  readonly id?: string | undefined;
  readonly name: string;
  readonly domain?: string | null | undefined;
  readonly status?: OrganizationStatus | undefined;
  readonly externalId?: string | null | undefined;
}

/** What may change; what is left out stays. */
export type OrganizationChange = {
  readonly [Part in Exclude<keyof NewOrganization, 'id'>]?: NewOrganization[Part] | undefined;
};

const SUBJECT = { target: Organization, entity: 'organization' };

const byStatus = new Keyset('organizations-by-status', [cursorTime, cursorId], (row: Organization) => [
  row.createdAt.toISOString(),
  row.id,
]);

/** Questions about organizations. Each method names the index that answers it. */
export class OrganizationRepository {
  readonly #manager: EntityManager;
  readonly #organizations: EntityRepository<Organization>;

  constructor(manager: EntityManager) {
    this.#manager = manager;
    this.#organizations = createRepository(manager, Organization);
  }

  /** @throws AlreadyExistsError if the domain or the external id is taken. */
  async create(organization: NewOrganization): Promise<Organization> {
    const row = {
      id: organization.id ?? newId(),
      name: organization.name,
      domain: organization.domain ?? null,
      status: organization.status ?? 'active',
      externalId: organization.externalId ?? null,
    };
    try {
      return await this.#organizations.insert(row);
    } catch (error) {
      throw refusalOf('organization', error);
    }
  }

  /**
   * Changes an organization that is at one of the versions. Resolves to it, or to null if there is none.
   * Index: organizations_pkey.
   *
   * @throws RowChangedError
   * @throws AlreadyExistsError if the domain or the external id is taken.
   */
  async update(
    id: string,
    change: OrganizationChange,
    expected: ExpectedVersions,
  ): Promise<Organization | null> {
    try {
      return await changeRow(this.#manager, SUBJECT, id, change, expected);
    } catch (error) {
      throw refusalOf('organization', error);
    }
  }

  /** Index: organizations_pkey. */
  findById(id: string): Promise<Organization | null> {
    return this.#organizations.findById(id);
  }

  /** The organization that owns a mail domain, without regard to case. Index: idx_organizations_domain. */
  async findByDomain(domain: string): Promise<Organization | null> {
    const [organization] = await this.#find('organization_by_domain($1)', [domain]);
    return organization ?? null;
  }

  /** Index: idx_organizations_external_id. */
  findByExternalId(externalId: string): Promise<Organization | null> {
    return this.#organizations.findOne({ where: { externalId } });
  }

  /**
   * Organizations whose name contains the text, without regard to case, most similar first. From three
   * characters on idx_organizations_name_trgm answers; shorter texts have no trigram to look up.
   *
   * @throws InvalidLimitError unless the limit is 1 to 500.
   */
  async searchByName(text: string, limit = 20): Promise<Organization[]> {
    const pattern = likeContaining(text);
    const rows = requireLimit(limit);
    const nearest = 'order by similarity(o.name, $2) desc, o.id';
    return this.#find('organizations_by_name($1, $2, $3)', [pattern, text, rows], nearest);
  }

  /** Organizations of a status, newest first. Index: idx_organizations_status_created. */
  pageByStatus(status: OrganizationStatus, request: PageRequest = {}): Promise<Page<Organization>> {
    return byStatus.read(request, ([at, id] = ['infinity', LAST_ID], take) =>
      this.#find(
        'organizations_by_status($1, $2, $3, $4)',
        [status, at, id, take],
        'order by o.created_at desc, o.id desc',
      ),
    );
  }

  /** @param finder A function of the schema tenancy, as it is called. */
  #find(finder: string, values: readonly unknown[], order = ''): Promise<Organization[]> {
    const columns = this.#organizations.columnsOf('o');
    const text = `select ${columns} from tenancy.${finder} o ${order}`;
    return this.#organizations.query(text, values, { fromReplica: true });
  }
}
