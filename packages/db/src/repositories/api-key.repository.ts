import { CUSTOM_PLAN, createRepository, type EntityRepository } from '@holdfast/postgres';
import { type EntityManager, type FindOptionsWhere, IsNull, MoreThan, Not } from 'typeorm';
import { ApiKey, type ApiKeyScope, type ApiKeyStatus } from '../entities/api-key.entity';
import { newId } from '../new-id';
import { changeRow, type ExpectedVersions } from './conditional-change';
import { Keyset, type Page, type PageRequest } from './keyset';
import { refusalOf } from './refusals';
import { cursorId, cursorTime } from './sort-key';

export interface NewApiKey {
  /** Default: a new one. A caller that gives it can look up whether the row was written. */
  readonly id?: string | undefined;
  readonly userId: string;
  readonly organizationId?: string | null | undefined;
  /** Keyed hash of the secret, 32 bytes. The secret itself never reaches the database. */
  readonly keyHash: Buffer;
  /** What its owner calls it, 1 to 100 characters. */
  readonly name?: string | undefined;
  /** The part of the key that is no secret. */
  readonly prefix?: string | undefined;
  readonly scopes?: readonly ApiKeyScope[] | undefined;
  readonly expiresAt?: Date | null | undefined;
}

/** What may change; what is left out stays. */
export type ApiKeyChange = Partial<Pick<NewApiKey, 'name' | 'scopes' | 'expiresAt'>>;

/** A key that is revoked, has expired or has a successor takes no part in what was asked for. */
export class ApiKeySpentError extends Error {
  override readonly name = 'ApiKeySpentError';
  readonly code = 'HOLDFAST_API_KEY_SPENT';

  constructor(readonly id: string) {
    super(`API key ${id} is revoked, has expired or has been rotated`);
  }
}

const SUBJECT = { target: ApiKey, entity: 'API key' };

/** Neither revoked nor on its way out. */
const CURRENT = { status: Not('revoked' as const), rotatedTo: IsNull() };

/** A key counts as used again only after this long: an update per call would rewrite its indexes each time. */
const LAST_USED_RESOLUTION_S = 60;

const byUser = new Keyset('api-keys-by-user', [cursorId], (row: ApiKey) => [row.id]);
const byOrganization = new Keyset('api-keys-by-organization', [cursorId], (row: ApiKey) => [row.id]);

const byExpiry = new Keyset('api-keys-by-expiry', [cursorTime, cursorId], (row: ApiKey) => [
  // The list holds only keys that expire.
  (row.expiresAt as Date).toISOString(),
  row.id,
]);

const byUse = new Keyset('api-keys-by-use', [cursorTime, cursorId], (row: ApiKey) => [
  // The list holds only keys that were used.
  (row.lastUsedAt as Date).toISOString(),
  row.id,
]);

/** Questions about API keys. Each method names the index that answers it. */
export class ApiKeyRepository {
  readonly #manager: EntityManager;
  readonly #keys: EntityRepository<ApiKey>;

  constructor(manager: EntityManager) {
    this.#manager = manager;
    this.#keys = createRepository(manager, ApiKey);
  }

  /**
   * @throws AlreadyExistsError if the hash is taken.
   * @throws ReferenceMissingError if the user or the organization does not exist.
   */
  async create(key: NewApiKey): Promise<ApiKey> {
    const row = {
      id: key.id ?? newId(),
      userId: key.userId,
      organizationId: key.organizationId ?? null,
      keyHash: key.keyHash,
      name: key.name ?? 'unnamed',
      prefix: key.prefix ?? '',
      scopes: [...(key.scopes ?? [])],
      status: 'active' as const,
      rotatedTo: null,
      expiresAt: key.expiresAt ?? null,
      lastUsedAt: null,
    };
    try {
      return await this.#keys.insert(row);
    } catch (error) {
      throw refusalOf('API key', error);
    }
  }

  /** Index: api_keys_pkey. */
  findById(id: string): Promise<ApiKey | null> {
    return this.#keys.findById(id);
  }

  /**
   * Changes a key that is at one of the versions. Resolves to it, or to null if there is none. Index: api_keys_pkey.
   *
   * @throws RowChangedError
   * @throws ApiKeySpentError if it is revoked or has been rotated.
   */
  async update(id: string, change: ApiKeyChange, expected: ExpectedVersions): Promise<ApiKey | null> {
    const { scopes, ...rest } = change;
    const changes = { ...rest, scopes: scopes && [...scopes] };
    const key = await changeRow(this.#manager, SUBJECT, id, changes, expected, CURRENT);
    return key ?? this.#refuseSpent(id);
  }

  /** The key is revoked, if it was not before. Resolves to it, or to null if there is none. Index: api_keys_pkey. */
  async revoke(id: string): Promise<ApiKey | null> {
    const key = await this.#keys.update(id, { status: 'revoked' }, { where: { status: Not('revoked') } });
    return key ?? this.findById(id);
  }

  /**
   * Names the successor of a key that can still be used, which ends after the overlap, if it does not sooner; at once where
   * there is none. Resolves to the key, or to null if there is none. Index: api_keys_pkey.
   *
   * @throws ApiKeySpentError
   */
  async retire(id: string, rotatedTo: string, overlapSeconds: number): Promise<ApiKey | null> {
    const isAtOnce = overlapSeconds === 0;
    const end = isAtOnce
      ? `status = 'revoked'`
      : 'expires_at = least(k.expires_at, now() + make_interval(secs => $3))';
    const [key] = await this.#keys.query(
      `update api_keys k
       set rotated_to = $2, ${end}, version = k.version + 1, updated_at = now()
       where k.id = $1 and k.status = 'active' and k.rotated_to is null
         and (k.expires_at is null or k.expires_at > now())
       returning ${this.#keys.columnsOf('k')}`,
      isAtOnce ? [id, rotatedTo] : [id, rotatedTo, overlapSeconds],
    );
    return key ?? this.#refuseSpent(id);
  }

  /**
   * An active key that has not expired at `now`, of whatever tenant: to know its hash is to have the right to it.
   * Index: idx_api_keys_key_hash.
   */
  async findUsable(keyHash: Buffer, now: Date): Promise<ApiKey | null> {
    const statement = `select ${this.#keys.columnsOf('k')} from tenancy.identify($1, $2) k`;
    const [key] = await this.#keys.query(statement, [keyHash, now]);
    return key ?? null;
  }

  /** As `findUsable`, for many hashes in one statement: a key for each, in their order, or null. Index: idx_api_keys_key_hash. */
  async findManyUsable(keyHashes: readonly Buffer[], now: Date): Promise<readonly (ApiKey | null)[]> {
    const rows = await this.#keys.queryRows<{ place: number }>(
      `select ${this.#keys.columnsOf('k')}, wanted.place::integer as place
         from unnest($1::bytea[]) with ordinality as wanted (hash, place)
         cross join lateral tenancy.identify(wanted.hash, $2) k`,
      [keyHashes, now],
    );
    const found = new Map(rows.map(({ entity, rest: { place } }) => [place, entity]));
    return keyHashes.map((_, at) => found.get(at + 1) ?? null);
  }

  /** Keys of a user in one status, oldest first. Index: idx_api_keys_user_status. */
  pageByUser(userId: string, status: ApiKeyStatus, request: PageRequest = {}): Promise<Page<ApiKey>> {
    return this.#pageByOwner(byUser, request, { userId, status });
  }

  /** Keys of an organization in one status, oldest first. Index: idx_api_keys_org_status. */
  pageByOrganization(
    organizationId: string,
    status: ApiKeyStatus,
    request: PageRequest = {},
  ): Promise<Page<ApiKey>> {
    return this.#pageByOwner(byOrganization, request, { organizationId, status });
  }

  /** Active keys that expire before the moment, soonest first. Index: idx_api_keys_expires. */
  pageExpiringBefore(moment: Date, request: PageRequest = {}): Promise<Page<ApiKey>> {
    return byExpiry.read(request, (after, take) =>
      this.#keys.query(
        `select ${this.#keys.columnsOf('k')} from api_keys k
         where k.status = 'active' and k.expires_at is not null and k.expires_at < $1
         ${after === undefined ? '' : 'and (k.expires_at, k.id) > ($2, $3)'}
         order by k.expires_at, k.id
         limit ${take}`,
        [moment, ...(after ?? [])],
        { fromReplica: true },
      ),
    );
  }

  /** Active keys that were used, latest use first. Index: idx_api_keys_usage. */
  pageByLatestUse(request: PageRequest = {}): Promise<Page<ApiKey>> {
    return byUse.read(request, (after, take) =>
      this.#keys.query(
        `select ${this.#keys.columnsOf('k')} from api_keys k
         where k.status = 'active' and k.last_used_at is not null
         ${after === undefined ? '' : 'and (k.last_used_at, k.id) < ($1, $2)'}
         order by k.last_used_at desc nulls last, k.id desc
         limit ${take}`,
        after,
        { fromReplica: true },
      ),
    );
  }

  /**
   * Notes a use of the key with this hash, at most once a minute, whoever the transaction acts for. Resolves to whether a row
   * was written. Index: idx_api_keys_key_hash.
   */
  async recordUse(keyHash: Buffer, at: Date): Promise<boolean> {
    const [row] = await this.#manager.query<[{ noted: boolean }]>(
      `select tenancy.note_use($1, $2, make_interval(secs => $3)) as noted`,
      [keyHash, at, LAST_USED_RESOLUTION_S],
    );
    return row.noted;
  }

  /** Nothing was changed though nobody else did: the key is gone, or past change. */
  async #refuseSpent(id: string): Promise<null> {
    if ((await this.findById(id)) !== null) throw new ApiKeySpentError(id);
    return null;
  }

  #pageByOwner(
    keyset: typeof byUser,
    request: PageRequest,
    owned: FindOptionsWhere<ApiKey>,
  ): Promise<Page<ApiKey>> {
    return keyset.read(request, (after, take) =>
      this.#keys.find({
        // Most owners have a few keys, and sorting those is wrong for one with thousands: each page is planned for its owner.
        comment: CUSTOM_PLAN,
        where: after === undefined ? owned : { ...owned, id: MoreThan(after[0]) },
        order: { id: 'ASC' },
        limit: take,
      }),
    );
  }
}
