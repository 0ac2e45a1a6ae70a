import type { EntityManager } from 'typeorm';
import { Organization, type OrganizationStatus } from '../entities/organization.entity';
import { newId } from '../new-id';
import { changeRow, type ExpectedVersions } from './conditional-change';
import { Keyset, type Page, type PageRequest } from './keyset';
import { likeContaining } from './like';
import { requireLimit } from './limit';
import { refusalOf } from './refusals';
import { rowsOf } from './rows-of';
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

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  /** @throws AlreadyExistsError if the domain or the external id is taken. */
  async create(organization: NewOrganization): Promise<Organization> {
    const row = this.#manager.create(Organization, {
      id: organization.id ?? newId(),
      name: organization.name,
      domain: organization.domain ?? null,
      status: organization.status ?? 'active',
      externalId: organization.externalId ?? null,
    });
    try {
      await this.#manager.insert(Organization, row);
      return row;
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
    return this.#rows().where('o.id = :id', { id }).getOne();
  }

  /** The organization that owns a mail domain, without regard to case. Index: idx_organizations_domain. */
  findByDomain(domain: string): Promise<Organization | null> {
    return rowsOf(this.#manager, Organization, 'o', 'tenancy.organization_by_domain(:domain)', {
      domain,
    }).getOne();
  }

  /** Index: idx_organizations_external_id. */
  findByExternalId(externalId: string): Promise<Organization | null> {
    return this.#rows().where('o.externalId = :externalId', { externalId }).getOne();
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
    const call = 'tenancy.organizations_by_name(:pattern, :text, :rows)';
    return rowsOf(this.#manager, Organization, 'o', call, { pattern, text, rows })
      .orderBy('similarity(o.name, :text)', 'DESC')
      .addOrderBy('o.id')
      .getMany();
  }

  /** Organizations of a status, newest first. Index: idx_organizations_status_created. */
  pageByStatus(status: OrganizationStatus, request: PageRequest = {}): Promise<Page<Organization>> {
    const call = 'tenancy.organizations_by_status(:status, :at, :id, :take)';
    return byStatus.read(request, ([at, id] = ['infinity', LAST_ID], take) =>
      rowsOf(this.#manager, Organization, 'o', call, { status, at, id, take })
        .orderBy('o.createdAt', 'DESC')
        .addOrderBy('o.id', 'DESC')
        .getMany(),
    );
  }

  #rows() {
    return this.#manager.createQueryBuilder(Organization, 'o');
  }
}
