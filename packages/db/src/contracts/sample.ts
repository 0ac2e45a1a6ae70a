import type { DataSource } from 'typeorm';

/**
 * Values of rows that are there, for contracts to ask with: where data is skewed, those at both of its ends. They are the
 * same for the same data.
 */
export interface ContractSample {
  /** The one with most events. */
  readonly largestOrganizationId: string;
  /** As many organizations have more events as have fewer. */
  readonly medianOrganizationId: string;
  /** The user with most events, and with them most of everything. */
  readonly serviceAccountId: string;
  /**
   * Someone with about as many events as most who have any, and with a value in every column: a change of such a row enters
   * every index.
   */
  readonly personId: string;
  readonly frequentType: string;
  readonly rareType: string;
  readonly longStream: Stream;
  readonly shortStream: Stream;
  readonly eventId: string;
  readonly correlationId: string;
  /** An event whose append had an idempotency key. */
  readonly keyedEvent: Stream & { readonly idempotencyKey: string };
  /** Of one stream alone, and of half of all events. */
  readonly rareTag: string;
  readonly frequentTag: string;
  readonly organizationDomain: string;
  readonly organizationExternalId: string;
  /** A part of few names of organizations, and one of many. */
  readonly rareName: string;
  readonly frequentName: string;
  readonly userEmail: string;
  readonly userExternalId: string;
  /** Of a handful of users at most. */
  readonly rareFirstName: string;
  /** Of someone with a rare name and of someone with a frequent one. */
  readonly rarePerson: FullName;
  readonly frequentPerson: FullName;
  readonly membership: { readonly id: string; readonly userId: string; readonly organizationId: string };
  readonly largestMembershipOrganizationId: string;
  readonly apiKey: { readonly id: string; readonly keyHash: Buffer };
  /** The organization with most API keys. */
  readonly keyedOrganizationId: string;
  /** Hash of a key that may see everything, and of one of the largest organization. */
  readonly operatorKeyHash: Buffer;
  readonly tenantKeyHash: Buffer;
  /** Hash of a key of an organization that has fewest events of those that have any. */
  readonly smallTenantKeyHash: Buffer;
  /** When the newest event was written: the present of these rows. */
  readonly now: Date;
}

interface Stream {
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly version: number;
}

interface FullName {
  readonly firstName: string;
  readonly lastName: string;
}

/** There are no rows of a kind that a contract asks for. */
export class SampleMissingError extends Error {
  override readonly name = 'SampleMissingError';
  readonly code = 'HOLDFAST_SAMPLE_MISSING';

  constructor(readonly missing: readonly string[]) {
    super(`the tables hold no rows to take ${missing.join(', ')} from: load realistic data first`);
  }
}

/**
 * Reads values for the contracts of this package from the tables, whole ones: seconds for a million events.
 *
 * @throws SampleMissingError where the tables are empty, or as good as.
 */
export async function readSample(dataSource: DataSource): Promise<ContractSample> {
  const [row] = await dataSource.query<Record<string, unknown>[]>(READ_SAMPLE);
  const missing = Object.entries(row ?? {}).flatMap(([name, value]) => (value === null ? [name] : []));
  if (row === undefined || missing.length > 0) throw new SampleMissingError(missing);
  const { apiKey, operatorKey, tenantKey, smallTenantKey, now, ...sample } = row as unknown as StoredSample;
  return Object.freeze({
    ...sample,
    apiKey: { id: apiKey.id, keyHash: Buffer.from(apiKey.keyHash, 'hex') },
    operatorKeyHash: Buffer.from(operatorKey, 'hex'),
    tenantKeyHash: Buffer.from(tenantKey, 'hex'),
    smallTenantKeyHash: Buffer.from(smallTenantKey, 'hex'),
    now: new Date(now),
  });
}

type StoredSample = Omit<
  ContractSample,
  'apiKey' | 'operatorKeyHash' | 'tenantKeyHash' | 'smallTenantKeyHash' | 'now'
> &
  StoredValues;

/** JSON knows no bytes and no moments. */
interface StoredValues {
  readonly operatorKey: string;
  readonly tenantKey: string;
  readonly smallTenantKey: string;
  readonly apiKey: { readonly id: string; readonly keyHash: string };
  readonly now: string;
}

// Each count is followed by something unique: what is read does not depend on the plan.
const READ_SAMPLE = `
  with
    of_organization as materialized (
      select organization_id as id, count(*) as n, row_number() over (order by count(*), organization_id) as at
      from events where organization_id is not null group by 1
    ),
    of_user as materialized (
      select user_id as id, count(*) as n from events where user_id is not null group by 1
    ),
    of_person as materialized (
      select id, row_number() over (order by n, id) as at
      from of_user join users using (id)
      where status = 'active' and last_login_at is not null
        and num_nulls(email, external_id, first_name, last_name) = 0
    ),
    of_type as materialized (select event_type as type, count(*) as n from events group by 1),
    of_stream as materialized (
      select aggregate_type as "aggregateType", aggregate_id as "aggregateId", max(aggregate_version) as version
      from events group by 1, 2
    ),
    short_stream as materialized (
      select * from of_stream where version = 2 order by "aggregateId" limit 1
    ),
    of_first_name as materialized (
      select first_name as name, count(*) as n
      from users where first_name is not null and last_name is not null group by 1
    ),
    of_name as materialized (
      select first_name as "firstName", last_name as "lastName", count(*) as n
      from users where first_name is not null and last_name is not null group by 1, 2
    ),
    of_word as materialized (
      select word, count(*) as n
      from organizations, regexp_split_to_table(name, ' ') as word
      where length(word) between 4 and 20 group by 1
    ),
    newest as materialized (
      select * from events
      where organization_id is not null and correlation_id is not null
      order by global_position desc limit 1
    )
  select
    (select id from of_organization order by at desc limit 1) as "largestOrganizationId",
    (select id from of_organization where at = (select (max(at) + 1) / 2 from of_organization)) as "medianOrganizationId",
    (select id from of_user order by n desc, id desc limit 1) as "serviceAccountId",
    (select id from of_person where at = (select (max(at) + 1) / 2 from of_person)) as "personId",
    (select type from of_type order by n desc, type limit 1) as "frequentType",
    (select type from of_type order by n, type limit 1) as "rareType",
    (select to_json(s) from of_stream s order by version desc, "aggregateId" limit 1) as "longStream",
    (select to_json(s) from short_stream s) as "shortStream",
    (select id from newest) as "eventId",
    (select correlation_id from newest) as "correlationId",
    (
      select json_build_object('aggregateType', aggregate_type, 'aggregateId', aggregate_id,
        'version', aggregate_version, 'idempotencyKey', idempotency_key)
      from events where idempotency_key is not null order by global_position desc limit 1
    ) as "keyedEvent",
    (
      select tag from short_stream s join events e on e.aggregate_id = s."aggregateId", unnest(e.tags) as tag
      where tag like s."aggregateType" || ':%' order by tag limit 1
    ) as "rareTag",
    (
      select tag from (select unnest(tags) as tag from events order by global_position desc limit 20000) as recent
      group by 1 order by count(*) desc, tag limit 1
    ) as "frequentTag",
    (select domain from organizations where domain is not null order by id limit 1) as "organizationDomain",
    (select external_id from organizations where external_id is not null order by id limit 1) as "organizationExternalId",
    (select word from of_word order by n, word limit 1) as "rareName",
    (select word from of_word order by n desc, word limit 1) as "frequentName",
    (select email from users where email is not null order by id limit 1) as "userEmail",
    (select external_id from users where external_id is not null order by id limit 1) as "userExternalId",
    (select name from of_first_name order by n, name limit 1) as "rareFirstName",
    (select to_json(p) from of_name p order by n, "firstName", "lastName" limit 1) as "rarePerson",
    (select to_json(p) from of_name p order by n desc, "firstName", "lastName" limit 1) as "frequentPerson",
    (
      select json_build_object('id', id, 'userId', user_id, 'organizationId', organization_id)
      from user_organizations where status = 'active' order by id limit 1
    ) as "membership",
    (
      select organization_id from user_organizations where status = 'active'
      group by 1 order by count(*) desc, 1 limit 1
    ) as "largestMembershipOrganizationId",
    (
      select json_build_object('id', id, 'keyHash', encode(key_hash, 'hex'))
      from api_keys where status = 'active' and expires_at is null order by id limit 1
    ) as "apiKey",
    (
      select organization_id from api_keys where organization_id is not null
      group by 1 order by count(*) desc, 1 limit 1
    ) as "keyedOrganizationId",
    (
      select encode(key_hash, 'hex') from api_keys
      where status = 'active' and expires_at is null and organization_id is null order by id limit 1
    ) as "operatorKey",
    (
      select encode(key_hash, 'hex') from api_keys
      where status = 'active' and expires_at is null
        and organization_id = (select id from of_organization order by at desc limit 1)
      order by id limit 1
    ) as "tenantKey",
    (
      select encode(key_hash, 'hex') from api_keys join of_organization on of_organization.id = organization_id
      where status = 'active' and expires_at is null order by of_organization.at, api_keys.id limit 1
    ) as "smallTenantKey",
    (select to_json(max(created_at)) from events) as "now"`;
