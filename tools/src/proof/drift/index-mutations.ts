import { type Mutation, mutation } from './mutation';

/** The index is another one. */
function different(table: string, name: string, definition: string, ...aspects: string[]): Mutation {
  const [unique, body] = definition.startsWith('unique ')
    ? ['unique ', definition.slice(7)]
    : ['', definition];
  return mutation(
    `${aspects.join(', ')} of ${name}`,
    [`drop index ${name}`, `create ${unique}index ${name} on ${table} ${body}`],
    ['different', table, name, ...aspects],
  );
}

const flag = (name: string, assignments: string) =>
  `update pg_index set ${assignments} where indexrelid = '${name}'::regclass`;

/** Indexes that are missing, superfluous, others or unusable. */
export const INDEX_MUTATIONS: readonly Mutation[] = [
  different(
    'events',
    'idx_events_correlation',
    '(event_timestamp) where correlation_id is not null',
    'columns',
  ),
  different(
    'user_organizations',
    'idx_user_orgs_org_role',
    '(organization_id, role, status, id)',
    'column order',
  ),
  different('events', 'idx_events_type_timeline', '(event_type, event_timestamp desc)', 'order'),
  different(
    'api_keys',
    'idx_api_keys_expires',
    `(expires_at desc, id) where expires_at is not null and status = 'active'`,
    'order',
  ),
  different(
    'users',
    'idx_users_login_activity',
    `(last_login_at desc, id desc) where status = 'active'`,
    'nulls order',
  ),
  different(
    'api_keys',
    'idx_api_keys_usage',
    `(last_used_at desc, id desc) where status = 'active'`,
    'nulls order',
  ),
  different(
    'users',
    'idx_users_status_role',
    '(status nulls first, role, created_at desc, id desc)',
    'nulls order',
  ),
  different(
    'events',
    'idx_events_unprocessed',
    '(created_at) where processed = false and retry_count < 6',
    'predicate',
  ),
  different('events', 'idx_events_unprocessed', '(created_at) where processed = false', 'predicate'),
  different('events', 'idx_events_org_timeline', '(organization_id, event_timestamp)', 'predicate'),
  different('events', 'idx_events_tags', 'using gin (tags) where processed', 'predicate'),
  different(
    'user_organizations',
    'idx_user_orgs_user_status',
    `unique (user_id, organization_id) where status in ('pending', 'active')`,
    'include',
    'predicate',
  ),
  different(
    'user_organizations',
    'idx_user_orgs_user_status',
    'unique (user_id, organization_id) include (role)',
    'include',
  ),
  different('events', 'idx_events_id', '(id) include (event_type)', 'include'),
  different(
    'users',
    'idx_users_name_search',
    '(lower(first_name) collate "C" text_pattern_ops, lower(last_name) collate "C", id) where first_name is not null and last_name is not null',
    'operator class',
  ),
  different(
    'organizations',
    'idx_organizations_name_trgm',
    'using gist (name gist_trgm_ops)',
    'method',
    'operator class',
  ),
  different(
    'api_keys',
    'idx_api_keys_user_status',
    '(user_id, status text_pattern_ops, id)',
    'operator class',
  ),
  different('events', 'idx_events_id', 'using hash (id)', 'method'),
  different('shapes', 'shape_01', 'using spgist (a)', 'method'),
  different(
    'organizations',
    'idx_organizations_domain',
    'unique (upper(domain)) where domain is not null',
    'expression',
  ),
  different('shapes', 'shape_12', '((n + 2))', 'expression'),
  different(
    'events',
    'idx_events_org_type_timeline',
    '(uuid_hash_extended(organization_id, hashtextextended(event_type, 1)), event_timestamp) where organization_id is not null',
    'expression',
  ),
  different('users', 'idx_users_external_id', '(external_id) where external_id is not null', 'unique'),
  different('events', 'idx_events_global_position', 'unique (global_position)', 'unique'),
  different(
    'users',
    'idx_users_email_lower',
    'unique (lower(email)) nulls not distinct',
    'nulls not distinct',
  ),
  different(
    'api_keys',
    'idx_api_keys_key_hash',
    'unique (key_hash) nulls not distinct',
    'nulls not distinct',
  ),
  different('shapes', 'shape_02', '(a, b collate "C")', 'collation'),
  different(
    'organizations',
    'idx_organizations_status_created',
    '(status collate "C", created_at desc, id desc)',
    'collation',
  ),
  different(
    'api_keys',
    'idx_api_keys_org_status',
    '(organization_id, status) where organization_id is not null',
    'columns',
  ),
  different(
    'events',
    'idx_events_idempotency',
    'unique (aggregate_id, correlation_id) where idempotency_key is not null',
    'columns',
  ),
  different(
    'events',
    'idx_events_user_type_timeline',
    '(event_timestamp, uuid_hash_extended(user_id, hashtextextended(event_type, 0))) where user_id is not null',
    'column order',
  ),
  mutation('a fill factor', 'alter index idx_events_id set (fillfactor = 60)', [
    'different',
    'events',
    'idx_events_id',
    'storage',
  ]),
  mutation('fastupdate off', 'alter index idx_events_tags set (fastupdate = off)', [
    'different',
    'events',
    'idx_events_tags',
    'storage',
  ]),
  mutation('no fill factor', 'alter index shape_46 reset (fillfactor)', [
    'different',
    'shapes',
    'shape_46',
    'storage',
  ]),
  mutation(
    'an index of another table',
    [
      'drop index idx_users_external_id',
      'create unique index idx_users_external_id on organizations (external_id) where external_id is not null',
    ],
    ['different', 'users', 'idx_users_external_id', 'table'],
  ),
  mutation('a missing index', 'drop index idx_events_org_timeline', [
    'missing',
    'events',
    'idx_events_org_timeline',
  ]),
  mutation('a missing unique index', 'drop index idx_api_keys_key_hash', [
    'missing',
    'api_keys',
    'idx_api_keys_key_hash',
  ]),
  mutation(
    'an undeclared index',
    'create index idx_hotfix on events (processed)',
    ['undeclared', 'events', 'idx_hotfix'],
    { allow: ['drop-index'] },
  ),
  mutation(
    'an undeclared copy',
    'create index idx_copy on events (organization_id, event_timestamp) where organization_id is not null',
    ['undeclared', 'events', 'idx_copy'],
    { allow: ['drop-index'] },
  ),
  mutation('another name', 'alter index idx_events_tags rename to idx_tags', [
    'renamed',
    'events',
    'idx_events_tags',
    'name',
  ]),
  mutation('an invalid index', flag('idx_events_correlation', 'indisvalid = false'), [
    'invalid',
    'events',
    'idx_events_correlation',
  ]),
  mutation('an invalid unique index', flag('idx_users_email_lower', 'indisvalid = false'), [
    'invalid',
    'users',
    'idx_users_email_lower',
  ]),
  mutation('an index that is not ready', flag('idx_events_tags', 'indisvalid = false, indisready = false'), [
    'not-ready',
    'events',
    'idx_events_tags',
  ]),
  mutation(
    'a dead index',
    flag('idx_events_id', 'indisvalid = false, indisready = false, indislive = false'),
    ['not-ready', 'events', 'idx_events_id'],
  ),
  mutation(
    'an invalid index of another definition',
    [
      'drop index idx_events_id',
      'create index idx_events_id on events (id desc)',
      flag('idx_events_id', 'indisvalid = false'),
    ],
    ['invalid', 'events', 'idx_events_id', 'order'],
  ),
  ...['idx_events_id_ccnew', 'idx_events_id_ccold', 'idx_events_id_ccnew2', 'users_pkey_ccold1'].map((name) =>
    mutation(
      `remains ${name}`,
      [
        `create index ${name} on ${name.startsWith('users') ? 'users' : 'events'} (id)`,
        flag(name, 'indisvalid = false'),
      ],
      ['remains', name.startsWith('users') ? 'users' : 'events', name],
    ),
  ),
  ...['idx_events_id_hf_new', 'idx_events_id_hf_old'].map((name) =>
    mutation(`remains ${name}`, `create index ${name} on events (id)`, ['remains', 'events', name]),
  ),
];
