import { INDEX_MUTATIONS } from './index-mutations';
import { type Mutation, mutation } from './mutation';

/** Names that are taken, indexes that are refused, and tables. */
export const MUTATIONS: readonly Mutation[] = [
  ...INDEX_MUTATIONS,
  mutation(
    'a name that a constraint has',
    [
      'drop index idx_events_id',
      'alter table events add constraint idx_events_id unique (id, global_position)',
    ],
    ['name-taken', 'events', 'idx_events_id'],
    { mendable: false },
  ),
  mutation(
    'a name that an index of a stranger has',
    [
      'drop index idx_events_id',
      'create table strangers (id uuid)',
      'create index idx_events_id on strangers (id)',
    ],
    ['name-taken', 'events', 'idx_events_id'],
    { mendable: false },
  ),
  mutation(
    'a name that a table has',
    ['drop index idx_events_id', 'create table idx_events_id (id uuid)'],
    ['name-taken', 'events', 'idx_events_id'],
    { mendable: false },
  ),
  mutation(
    'a function that is gone',
    'alter function shape_fold rename to shape_unfold',
    ['refused', 'shapes', 'shape_66'],
    { mendable: false },
  ),
  mutation('a missing column', 'alter table events drop column last_error', [
    'table',
    'events',
    'last_error',
    'column',
  ]),
  mutation(
    'an undeclared column',
    'alter table users add nickname text',
    ['table', 'users', 'nickname', 'column'],
    { allow: ['drop-column'] },
  ),
  mutation('a column that may be null', 'alter table organizations alter name drop not null', [
    'table',
    'organizations',
    'name',
    'nullable',
  ]),
  mutation('a column that may not', 'alter table users alter first_name set not null', [
    'table',
    'users',
    'first_name',
    'nullable',
  ]),
  mutation('another default', `alter table users alter role set default 'admin'`, [
    'table',
    'users',
    'role',
    'default',
  ]),
  mutation('no default', 'alter table users alter status drop default', [
    'table',
    'users',
    'status',
    'default',
  ]),
  mutation('a missing check', 'alter table users drop constraint users_role_check', [
    'table',
    'users',
    'users_role_check',
    'check constraint',
  ]),
  mutation(
    'an undeclared check',
    `alter table users add constraint more check (role <> '')`,
    ['table', 'users', 'more', 'check constraint'],
    { allow: ['drop-constraint'] },
  ),
  mutation(
    'a check that says something else',
    [
      'alter table users drop constraint users_role_check',
      `alter table users add constraint users_role_check check (role <> '')`,
    ],
    ['table', 'users', 'users_role_check', 'check constraint'],
  ),
  mutation('a missing foreign key', 'alter table api_keys drop constraint api_keys_user_id_fkey', [
    'table',
    'api_keys',
    'api_keys_user_id_fkey',
    'foreign key',
  ]),
  mutation(
    'another foreign key',
    [
      'alter table api_keys drop constraint api_keys_user_id_fkey',
      'alter table api_keys add constraint api_keys_user_id_fkey foreign key (user_id) references users (id) on delete set null',
    ],
    ['table', 'api_keys', 'api_keys_user_id_fkey', 'foreign key'],
  ),
  mutation('a missing table', 'drop table shapes', ['table', 'shapes', 'shapes']),
];
