/** One of the twenty-one indexes as the service was planned with it. */
interface LiteralIndex {
  readonly name: string;
  readonly table: string;
  /** Builds it; without CONCURRENTLY, since nobody writes to what a benchmark compares. */
  readonly statement: string;
}

/**
 * The twenty-one as they were first written down, each key and predicate literally: no tie-breaks, nothing unique, NULLs
 * where bare DESC puts them. What ships under the same names differs where docs/indexes.md says so, and is compared with
 * these. The indexes beside them are the same for both, and so are the tables, save one for last names, which no plan had.
 */
export const LITERAL_INDEXES: readonly LiteralIndex[] = Object.freeze([
  index('organizations', 'idx_organizations_name_trgm', 'using gin (name gin_trgm_ops)'),
  index('organizations', 'idx_organizations_domain', '(domain) where domain is not null'),
  index('organizations', 'idx_organizations_status_created', '(status, created_at desc)'),
  index('users', 'idx_users_email_lower', '(lower(email))'),
  index(
    'users',
    'idx_users_name_search',
    '(lower(first_name), lower(last_name)) where first_name is not null and last_name is not null',
  ),
  index('users', 'idx_users_status_role', '(status, role)'),
  index(
    'users',
    'idx_users_login_activity',
    `(last_login_at desc, current_login_at desc) where status = 'active'`,
  ),
  index(
    'user_organizations',
    'idx_user_orgs_user_status',
    `(user_id, status) where status in ('active', 'pending')`,
  ),
  index('user_organizations', 'idx_user_orgs_org_role', `(organization_id, role) where status = 'active'`),
  index(
    'events',
    'idx_events_aggregate_timeline',
    '(aggregate_type, aggregate_id, aggregate_version, event_timestamp desc)',
  ),
  index('events', 'idx_events_type_timeline', '(event_type, event_timestamp desc)'),
  index(
    'events',
    'idx_events_org_timeline',
    '(organization_id, event_timestamp desc) where organization_id is not null',
  ),
  index('events', 'idx_events_user_timeline', '(user_id, event_timestamp desc) where user_id is not null'),
  index(
    'events',
    'idx_events_correlation',
    '(correlation_id, event_timestamp) where correlation_id is not null',
  ),
  index('events', 'idx_events_unprocessed', '(created_at) where processed = false and retry_count < 5'),
  index(
    'events',
    'idx_events_org_type_timeline',
    '(organization_id, event_type, event_timestamp desc) where organization_id is not null',
  ),
  index(
    'events',
    'idx_events_user_type_timeline',
    '(user_id, event_type, event_timestamp desc) where user_id is not null',
  ),
  index('api_keys', 'idx_api_keys_user_status', `(user_id, status) where status in ('active', 'inactive')`),
  index(
    'api_keys',
    'idx_api_keys_org_status',
    `(organization_id, status) where organization_id is not null and status in ('active', 'inactive')`,
  ),
  index('api_keys', 'idx_api_keys_expires', '(expires_at) where expires_at is not null'),
  index('api_keys', 'idx_api_keys_usage', `(last_used_at desc) where status = 'active'`),
]);

function index(table: string, name: string, rest: string): LiteralIndex {
  return Object.freeze({ table, name, statement: `create index ${name} on ${table} ${rest}` });
}
