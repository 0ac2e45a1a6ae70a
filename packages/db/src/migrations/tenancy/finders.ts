import { EVERYTHING, SEARCH_PATH } from './functions';

/**
 * A question whose condition PostgreSQL does not evaluate before a policy's, since it could tell of rows that the policy
 * hides; or whose rows lie among those of everybody: for one key's rows it would read them all. The owner asks it instead, and
 * leaves out what the key may not see. It is planned for its values each time, those of the key among them.
 */
interface Finder {
  readonly signature: string;
  readonly table: string;
  readonly condition: string;
  readonly visible: string;
  readonly order: string;
  readonly limit: string;
  /** How many rows it is planned for at least. Default: as many as are asked for. */
  readonly plannedFor?: number;
  /** Of the planner, besides. */
  readonly setting?: string;
}

/**
 * Of a tag that the statistics do not know, the planner expects some events everywhere in the log. The fewer are asked for, the cheaper it
 * is then to read along the log until they come: for a page of one, all of it, where nobody has the tag.
 */
export const PLANNED_EVENTS = 100;

const EVENTS = {
  table: 'events',
  visible: 'r.organization_id = v_tenant',
  order: 'r.event_timestamp desc, r.global_position desc',
  limit: 'p_rows',
};
const BEFORE = '(r.event_timestamp, r.global_position) < (p_time, p_position)';
const PAGE = 'p_time timestamptz, p_position bigint, p_rows integer';
const PAGE_OF_TYPE = `p_owner uuid, p_type text, ${PAGE}`;

/**
 * Owner and type are one hash in their index, as in its declaration. What tells them from others of the same hash is hidden in
 * coalesce: as plain conditions the planner would take them for independent of the hash, expect next to nothing, and look into
 * three indexes for it.
 */
const ofType = (owner: string) => `
  uuid_hash_extended(r.${owner}, hashtextextended(r.event_type, 0)) = uuid_hash_extended(p_owner, hashtextextended(p_type, 0))
  and coalesce(r.${owner} = p_owner and r.event_type = p_type, false)
  and r.${owner} is not null and ${BEFORE}`;

const USERS = { table: 'users', visible: 'r.id = any (v_users)', limit: 'p_rows' };
/** By its bytes, as in the indexes: texts that begin with another are a range then. */
const LAST_NAME = 'lower(r.last_name) collate "C"';
const FIRST_NAME = 'lower(r.first_name) collate "C"';
/** No text of this beginning comes after the beginning and the last character that there is. */
const BEGINS = `${LAST_NAME} >= lower(p_last) and ${LAST_NAME} < lower(p_last) || chr(1114111)`;

const ORGANIZATIONS = { table: 'organizations', visible: 'r.id = v_tenant' };

const FINDERS: readonly Finder[] = [
  {
    ...EVENTS,
    signature: `events_by_type(p_type text, ${PAGE})`,
    condition: `r.event_type = p_type and ${BEFORE}`,
  },
  {
    ...EVENTS,
    signature: `events_of_organization(p_owner uuid, ${PAGE})`,
    condition: `r.organization_id = p_owner and ${BEFORE}`,
  },
  {
    ...EVENTS,
    signature: `events_of_user(p_owner uuid, ${PAGE})`,
    condition: `r.user_id = p_owner and ${BEFORE}`,
  },
  {
    ...EVENTS,
    signature: `events_of_organization_by_type(${PAGE_OF_TYPE})`,
    condition: ofType('organization_id'),
  },
  { ...EVENTS, signature: `events_of_user_by_type(${PAGE_OF_TYPE})`, condition: ofType('user_id') },
  {
    ...EVENTS,
    signature: 'events_by_tags(p_tags text[], p_position bigint, p_rows integer)',
    condition: 'r.tags @> p_tags and r.global_position < p_position',
    order: 'r.global_position desc',
    plannedFor: PLANNED_EVENTS,
  },
  {
    ...USERS,
    signature: 'user_by_email(p_email text)',
    condition: 'lower(r.email) = lower(p_email)',
    visible: '(r.id = tenancy.holder() or tenancy.is_member(r.id))',
    order: 'r.id',
    limit: '1',
  },
  {
    ...USERS,
    signature: 'users_by_name(p_first text, p_last text, p_rows integer)',
    condition: `
      ${FIRST_NAME} = lower(p_first) and ${BEGINS} and r.first_name is not null and r.last_name is not null`,
    order: `${LAST_NAME}, r.id`,
  },
  {
    ...USERS,
    signature: 'users_by_last_name(p_last text, p_rows integer)',
    condition: `${BEGINS} and r.last_name is not null`,
    order: `${LAST_NAME}, r.id`,
    // It expects a handful of a short range, though hundreds may have a name, and would sort them all. Without that way out it
    // would rather read the whole table for a tenant.
    setting: 'set enable_bitmapscan = off set enable_seqscan = off',
  },
  {
    ...USERS,
    signature: 'users_by_role(p_status text, p_role text, p_time timestamptz, p_id uuid, p_rows integer)',
    condition: 'r.status = p_status and r.role = p_role and (r.created_at, r.id) < (p_time, p_id)',
    order: 'r.created_at desc, r.id desc',
  },
  {
    ...USERS,
    signature: 'users_by_login(p_time timestamptz, p_id uuid, p_rows integer)',
    condition: `
      r.status = 'active' and r.last_login_at is not null and (r.last_login_at, r.id) < (p_time, p_id)`,
    order: 'r.last_login_at desc nulls last, r.id desc',
  },
  {
    ...ORGANIZATIONS,
    signature: 'organizations_by_status(p_status text, p_time timestamptz, p_id uuid, p_rows integer)',
    condition: 'r.status = p_status and (r.created_at, r.id) < (p_time, p_id)',
    order: 'r.created_at desc, r.id desc',
    limit: 'p_rows',
  },
  {
    ...ORGANIZATIONS,
    signature: 'organization_by_domain(p_domain text)',
    condition: 'lower(r.domain) = lower(p_domain) and r.domain is not null',
    order: 'r.id',
    limit: '1',
  },
  {
    ...ORGANIZATIONS,
    signature: 'organizations_by_name(p_pattern text, p_text text, p_rows integer)',
    condition: 'r.name ilike p_pattern',
    order: 'public.similarity(r.name, p_text) desc, r.id',
    limit: 'p_rows',
  },
];

/** Asked once, and not for each row; the key of an operator sees all, and so do roles that no policy binds. */
export const WHO = `
  v_tenant constant uuid := tenancy.tenant();
  v_all constant boolean := coalesce(v_tenant = '${EVERYTHING}', false) or tenancy.sees_all();`;

const USERS_OF_TENANT = `
  v_users constant uuid[] := case when not v_all then array(
    select tenancy.holder()
    union select m.user_id from public.user_organizations m
    where m.organization_id = v_tenant and m.status = 'active'
  ) end;`;

export const FINDER_SETTINGS = `
  language plpgsql stable security definer
  ${SEARCH_PATH}`;

function renderFinder(finder: Finder): string {
  const { signature, table, condition, visible, order, limit, plannedFor, setting = '' } = finder;
  const select = `
        select r.* from public.${table} r
        where ${condition} and (v_all or ${visible})
        order by ${order}
        limit`;
  return `
    create function tenancy.${signature} returns setof public.${table} ${FINDER_SETTINGS}
    set plan_cache_mode = force_custom_plan ${setting}
    as $$
    declare ${WHO} ${visible === USERS.visible ? USERS_OF_TENANT : ''}
    begin
      return query ${plannedFor === undefined ? `${select} ${limit}` : limitLate(select, limit, plannedFor)};
    end $$`;
}

/** Rows of a WITH are made as they are taken: no more than are asked for. */
const limitLate = (select: string, limit: string, plannedFor: number): string => `
        with page as materialized (${select} greatest(${limit}, ${plannedFor}))
        select * from page limit ${limit}`;

/** Those whom no policy binds ask in the same way. */
export const grantFinder = (signature: string): string =>
  `grant execute on function tenancy.${signature} to holdfast_app, holdfast_worker, holdfast_read`;

export const FINDER_FUNCTIONS = FINDERS.map(renderFinder);
export const FINDER_GRANTS = FINDERS.map(({ signature }) => grantFinder(signature));
