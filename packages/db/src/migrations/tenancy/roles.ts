/** What the service, its workers and those who only look are allowed; logins are made members of them. */
export const ROLES = ['holdfast_app', 'holdfast_worker', 'holdfast_read'];

/** Each has row-level security. */
export const TABLES = [
  'organizations',
  'users',
  'user_organizations',
  'events',
  'event_leases',
  'api_keys',
  'idempotency_keys',
];

/** Roles belong to the server, where the migration of another database may be creating them in this very moment. */
export function renderRole(role: string): string {
  return `
    do $$
    begin
      if not exists (select from pg_roles where rolname = '${role}') then
        create role ${role} nologin;
      end if;
    exception when duplicate_object or unique_violation then null;
    end $$`;
}

const KEY_COLUMNS =
  'id, user_id, organization_id, name, prefix, scopes, status, rotated_to, expires_at, last_used_at, created_at, updated_at, version';

/** What whoever appends says of an event. Its place in the log and how far it is worked through are the server's to say. */
const APPENDED =
  'aggregate_type, aggregate_id, aggregate_version, id, event_type, event_timestamp, organization_id, user_id, correlation_id, idempotency_key, tags, payload';

// No column by which a row would change its owner: a policy cannot compare a row with what it was.
const CHANGES = {
  organizations: 'external_id, name, domain, status, updated_at, version',
  users:
    'external_id, email, first_name, last_name, status, role, last_login_at, current_login_at, updated_at, version',
  user_organizations: 'status, role, updated_at, version',
  api_keys: 'name, scopes, status, rotated_to, expires_at, updated_at, version',
};

export const GRANTS = [
  `grant usage on schema public, tenancy to ${ROLES.join(', ')}`,
  'grant select, insert, delete on public.organizations, public.users, public.user_organizations to holdfast_app',
  'grant select on public.events to holdfast_app, holdfast_worker, holdfast_read',
  // What a worker's handler makes of an event may be another one.
  `grant insert (${APPENDED}) on public.events to holdfast_app, holdfast_worker`,
  // The hash of a key is what proves who asks: only functions of the owner read it.
  `grant select (${KEY_COLUMNS}) on public.api_keys to ${ROLES.join(', ')}`,
  'grant insert, delete on public.api_keys to holdfast_app',
  ...Object.entries(CHANGES).map(
    ([table, columns]) => `grant update (${columns}) on public.${table} to holdfast_app`,
  ),
  'grant select, insert, update, delete on public.idempotency_keys to holdfast_app',
  'grant select, insert, update, delete on public.event_leases to holdfast_worker',
  'grant select on public.event_leases, public.idempotency_keys to holdfast_read',
  'grant select on public.organizations, public.users, public.user_organizations to holdfast_worker, holdfast_read',
  'grant update (processed, retry_count, last_error) on public.events to holdfast_worker',
  'grant usage, select on all sequences in schema public to holdfast_app, holdfast_worker',
  'grant select on all sequences in schema public to holdfast_read',
  // Which migrations were applied is no secret, and what a service asks before it is ready.
  `do $$
   begin
     if to_regclass('public.migrations') is not null then
       grant select on public.migrations to ${ROLES.join(', ')};
     end if;
   end $$`,
];
