import { SEARCH_PATH } from './functions';

const asTrigger = (name: string, body: string, create = 'create') => `
  ${create} function tenancy.${name}() returns trigger
  language plpgsql security definer
  ${SEARCH_PATH}
  as $$
  begin
    ${body}
  end $$`;

/** Whether the key k has somebody to act for: its user, its organization, and its user there. */
const IS_SERVED = `
  not exists (select from public.users where id = k.user_id and status in ('suspended', 'deleted'))
  and not exists (select from public.organizations where id = k.organization_id and status <> 'active')
  and not exists (
    select from public.user_organizations m
    where m.user_id = k.user_id and m.organization_id = k.organization_id and m.status = 'suspended'
  )`;

/**
 * The keys, as k, are held before they are looked up to be changed: whoever makes one holds the key that makes it, and has made it or
 * has not by then.
 */
const hold = (which: string) => `perform from public.api_keys k where ${which} for update;`;

const settle = (which: string) => `
  ${hold(which)}
  update public.api_keys k set
    status = case when ${IS_SERVED} then 'active' else 'inactive' end,
    updated_at = now(), version = version + 1
  where ${which} and status = case when ${IS_SERVED} then 'inactive' else 'active' end;
  return null;`;

const OF_MEMBERSHIP = 'k.user_id = old.user_id and k.organization_id = old.organization_id';

/** @param hash That of the key that acts. */
export function guardNewKey(
  hash = `decode(current_setting('holdfast.key', true), 'hex')`,
  create = 'create',
): string {
  return asTrigger(
    'guard_new_key',
    `if tenancy.sees_all() then return new; end if;
     perform from public.api_keys
     where key_hash = ${hash} and status = 'active' for share;
     if not found then
       raise insufficient_privilege using message = 'the key that acts was ended meanwhile';
     end if;
     return new;`,
    create,
  );
}

/**
 * A key rests while its user, its organization, or its user's membership there is suspended, and ends with that membership. The
 * change looks for the keys, so that no request has to ask. Where it comes before a key that is just being made, that is refused.
 */
export const KEY_TRIGGERS = [
  asTrigger('settle_keys_of_user', settle('k.user_id = new.id')),
  asTrigger('settle_keys_of_organization', settle('k.organization_id = new.id')),
  asTrigger('settle_keys_of_member', settle(OF_MEMBERSHIP)),
  asTrigger(
    'end_keys_of_member',
    `${hold(OF_MEMBERSHIP)}
     update public.api_keys k set status = 'revoked', updated_at = now(), version = version + 1
     where ${OF_MEMBERSHIP} and k.status <> 'revoked';
     return null;`,
  ),
  guardNewKey(),
  `create trigger settle_keys after update of status on public.users for each row
   when ((old.status in ('suspended', 'deleted')) <> (new.status in ('suspended', 'deleted')))
   execute function tenancy.settle_keys_of_user()`,
  `create trigger settle_keys after update of status on public.organizations for each row
   when ((old.status = 'active') <> (new.status = 'active'))
   execute function tenancy.settle_keys_of_organization()`,
  `create trigger settle_keys after update of status on public.user_organizations for each row
   when (new.status in ('active', 'suspended') and (old.status = 'suspended') <> (new.status = 'suspended'))
   execute function tenancy.settle_keys_of_member()`,
  `create trigger end_keys after update of status on public.user_organizations for each row
   when (old.status in ('active', 'suspended') and new.status in ('pending', 'removed'))
   execute function tenancy.end_keys_of_member()`,
  `create trigger end_keys_of_deleted after delete on public.user_organizations for each row
   when (old.status in ('active', 'suspended'))
   execute function tenancy.end_keys_of_member()`,
  `create trigger guard_key before insert on public.api_keys
   for each row execute function tenancy.guard_new_key()`,
];
