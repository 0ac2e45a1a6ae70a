/** What the key of an operator, which belongs to no organization, has for one: a single look tells both. */
export const EVERYTHING = '00000000-0000-0000-0000-000000000000';

/**
 * With the temporary schema named, and last: where a path leaves it out, PostgreSQL looks for types there first, and a type that
 * the caller has made may bring a constraint with it, whose function would run as the owner.
 */
export const SEARCH_PATH = 'set search_path = pg_catalog, pg_temp';

const asOwner = (name: string, returns: string, body: string, volatility = 'stable', create = 'create') => `
  ${create} function tenancy.${name} returns ${returns}
  language sql ${volatility} security definer
  ${SEARCH_PATH}
  as $$ ${body} $$`;

/**
 * Asked with every request, once or twice in every statement: a function in SQL plans its query anew for each statement that calls it, which
 * takes longer than all the rest of an append, and one in PL/pgSQL once for a session.
 */
export const asOwnerPlannedOnce = (
  name: string,
  returns: string,
  statement: string,
  { declared = '', create = 'create' } = {},
) => `
  ${create} function tenancy.${name} returns ${returns}
  language plpgsql stable security definer
  ${SEARCH_PATH}
  as $$ ${declared} begin ${statement}; end $$`;

/** Without the hash. */
const KEY_COLUMNS = [
  'id uuid',
  'user_id uuid',
  'organization_id uuid',
  'name text',
  'prefix text',
  'scopes text[]',
  'status text',
  'rotated_to uuid',
  'expires_at timestamptz',
  'last_used_at timestamptz',
  'created_at timestamptz',
  'updated_at timestamptz',
  'version integer',
];

/** @param isOfHolder Whether a membership is that of the user who asks. */
const acceptMembership = (create?: string, isOfHolder = 'user_id = tenancy.holder()') =>
  asOwner(
    'accept_membership(accepted uuid)',
    'boolean',
    `with changed as (
       update public.user_organizations set status = 'active', updated_at = now(), version = version + 1
       where id = accepted and ${isOfHolder} and status = 'pending'
       returning id
     )
     select exists (select from changed)`,
    'volatile',
    create,
  );

/** Functions of the owner that do the little that is done for nobody's organization, beside those that tell who asks. */
export const FUNCTIONS = [
  asOwner(
    'is_member(member uuid)',
    'boolean',
    `select exists (
       select from public.user_organizations
       where user_id = member and organization_id = tenancy.tenant() and status = 'active'
     )`,
  ),
  asOwnerPlannedOnce(
    'identify(hash bytea, at timestamptz default now())',
    `table (${KEY_COLUMNS.join(', ')})`,
    `return query
     select ${KEY_COLUMNS.map((column) => `k.${column.split(' ')[0]}`).join(', ')}
     from public.api_keys k
     where k.key_hash = hash and k.status = 'active' and (k.expires_at is null or k.expires_at > at)`,
  ),
  // By the hash and not by the id: who does not know the key cannot make it look used.
  asOwner(
    'note_use(hash bytea, at timestamptz, resolution interval)',
    'boolean',
    `with noted as (
       update public.api_keys set last_used_at = at
       where key_hash = hash and (last_used_at is null or last_used_at < at - resolution)
       returning id
     )
     select exists (select from noted)`,
    'volatile',
  ),
  // By address, which needs no second look-up; the rows are locked, so that they keep it.
  asOwner(
    'sweep_idempotency_keys(most integer)',
    'bigint',
    `with deleted as (
       delete from public.idempotency_keys where ctid = any (array(
         select ctid from public.idempotency_keys
         where expires_at <= now()
         order by expires_at limit least(most, 10000) for update skip locked
       ))
       returning 1
     )
     select count(*) from deleted`,
    'volatile',
  ),
  // No more than what an append to the place would tell.
  asOwner(
    'is_taken(of_type text, of_id uuid, at_version integer)',
    'boolean',
    `select exists (
       select from public.events
       where aggregate_type = of_type and aggregate_id = of_id and aggregate_version = at_version
     )`,
  ),
  // As the owner and by its user alone: a policy for it would let the user change the rest of the row as well.
  acceptMembership(),
  // Whoever calls a function of the owner is not seen in it but by these two, which it cannot choose freely.
  asOwner(
    'sees_all()',
    'boolean',
    `select bool_or(pg_catalog.pg_has_role(
         coalesce(nullif(pg_catalog.current_setting('role'), 'none'), session_user)::name, role, 'usage'
       ))
     from unnest(array[current_user, 'holdfast_worker', 'holdfast_read']::name[]) as role`,
  ),
  // Policies see the row before or after a change, and this is about both. It runs as who writes, so that owners may.
  `create function tenancy.guard_membership() returns trigger
   language plpgsql
   ${SEARCH_PATH}
   as $$
   begin
     if new.status = 'active' and (tg_op = 'INSERT' or old.status <> 'active' or old.user_id <> new.user_id)
        and row_security_active('public.user_organizations')
        and tenancy.tenant() is distinct from '${EVERYTHING}' then
       raise insufficient_privilege using
         message = 'a membership is made active by its user or by an operator';
     end if;
     return new;
   end $$`,
  `create trigger guard_membership before insert or update on public.user_organizations
   for each row execute function tenancy.guard_membership()`,
];

/** `sees_all` is for the functions here alone. */
export const FUNCTION_GRANTS = [
  'revoke execute on all functions in schema tenancy from public',
  ...[
    'tenant()',
    'holder()',
    'is_member(uuid)',
    'identify(bytea, timestamptz)',
    'note_use(bytea, timestamptz, interval)',
    'sweep_idempotency_keys(integer)',
    'accept_membership(uuid)',
  ].map((signature) => `grant execute on function tenancy.${signature} to holdfast_app`),
  'grant execute on function tenancy.is_taken(text, uuid, integer) to holdfast_app, holdfast_worker',
];

/** As it is in FUNCTIONS: where users have a membership or two, all of theirs may be read for the one that is accepted. */
export const REPLACED_ACCEPTANCE = acceptMembership('create or replace');
/** A comparison that no index answers but as a filter: what is left to look for is the membership, by its id. */
export const ACCEPTANCE_BY_ID = acceptMembership(
  'create or replace',
  'user_id is not distinct from tenancy.holder()',
);
