import { asOwnerPlannedOnce, EVERYTHING } from './functions';
import { guardNewKey } from './key-triggers';

/** How the setting is read that says for which key a transaction acts. */
interface Acting {
  /** The hash of the key, which nobody but its holder can know. */
  readonly hash: string;
  /** What the key must be allowed to do; null where nothing is said. */
  readonly scope?: string;
}

const SETTING = `current_setting('holdfast.key', true)`;
/** The hash alone, in hexadecimal digits. */
const BY_HASH: Acting = { hash: `decode(${SETTING}, 'hex')` };
/** The hash, and behind it, after a blank, the scope, if there is one. */
const BY_HASH_AND_SCOPE: Acting = {
  hash: `decode(split_part(${SETTING}, ' ', 1), 'hex')`,
  scope: `nullif(split_part(${SETTING}, ' ', 2), '')`,
};

/**
 * Tells something of the row of the current key, if it can be used. Into a variable, since a sub-query of what is returned would take half as long
 * again. Who acts for no key asks nothing: what is asked with null would be planned each time.
 */
const ofCurrentKey = (name: string, told: string, { hash, scope }: Acting, create: string) =>
  asOwnerPlannedOnce(
    name,
    'uuid',
    `if v_hash is not null then
       select ${told} into v_told
       from public.api_keys k
       where k.key_hash = v_hash
         and k.status = 'active'
         and (k.expires_at is null or k.expires_at > now())
         ${scope === undefined ? '' : 'and (v_scope is null or v_scope = any (k.scopes))'};
     end if;
     return v_told`,
    {
      create,
      declared: `declare
        v_hash constant bytea := ${hash};
        ${scope === undefined ? '' : `v_scope constant text := ${scope};`}
        v_told uuid;`,
    },
  );

const render = (acting: Acting, create: string) => [
  // Should an organization ever have this id, it gets nothing by it.
  ofCurrentKey(
    'tenant()',
    `case
       when k.organization_id is null then '${EVERYTHING}'::uuid
       when k.organization_id <> '${EVERYTHING}' then k.organization_id
     end`,
    acting,
    create,
  ),
  ofCurrentKey('holder()', 'k.user_id', acting, create),
];

/** Functions of the owner that tell who asks. */
export const KEY_FUNCTIONS = render(BY_HASH, 'create');

/** Everything that reads the setting, in place of what there is. */
const replace = (acting: Acting) => [
  ...render(acting, 'create or replace'),
  guardNewKey(acting.hash, 'create or replace'),
];
/** By the hash alone. */
export const REPLACED_KEY_FUNCTIONS = replace(BY_HASH);
/** They also ask whether the key has the scope that the transaction acts for. */
export const SCOPED_KEY_FUNCTIONS = replace(BY_HASH_AND_SCOPE);
