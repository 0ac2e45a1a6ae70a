/** How a change must be reported. */
export type Expected = readonly [kind: string, name: string, ...aspects: string[]];

/** Builds the index anew, as somebody would who changes it by hand. */
const rebuild = (name: string, definition: string) => [`drop index ${name}`, `create ${definition}`];

const SENT = `idx_parcels_sent on parcels`;
const SENT_TAIL = `with (fillfactor = 80) where status in ('open', 'late')`;

/** Changes that TypeORM calls none, even of an index that its own decorator declares. */
export const UNSEEN: readonly [string, readonly string[], Expected][] = [
  [
    'another order of columns',
    rebuild('idx_parcels_pair', 'index idx_parcels_pair on parcels (weight, sender)'),
    ['different', 'idx_parcels_pair', 'column order'],
  ],
  [
    'a descending column',
    rebuild('idx_parcels_pair', 'index idx_parcels_pair on parcels (sender desc, weight)'),
    ['different', 'idx_parcels_pair', 'order'],
  ],
  [
    'NULLs at the other end',
    rebuild('idx_parcels_sent', `index ${SENT} (sent_at desc, id) ${SENT_TAIL}`),
    ['different', 'idx_parcels_sent', 'nulls order'],
  ],
  [
    'another predicate',
    rebuild(
      'idx_parcels_sent',
      `index ${SENT} (sent_at desc nulls last, id) ${SENT_TAIL.replace(`, 'late'`, '')}`,
    ),
    ['different', 'idx_parcels_sent', 'predicate'],
  ],
  [
    'an added predicate',
    rebuild('idx_parcels_pair', 'index idx_parcels_pair on parcels (sender, weight) where weight > 1'),
    ['different', 'idx_parcels_pair', 'predicate'],
  ],
  [
    'fewer included columns',
    rebuild('idx_parcels_cover', 'index idx_parcels_cover on parcels (status) include (weight)'),
    ['different', 'idx_parcels_cover', 'include'],
  ],
  [
    'another operator class',
    rebuild('idx_parcels_pair', 'index idx_parcels_pair on parcels (sender text_pattern_ops, weight)'),
    ['different', 'idx_parcels_pair', 'operator class'],
  ],
  [
    'another collation',
    rebuild('idx_parcels_pair', 'index idx_parcels_pair on parcels (sender collate "C", weight)'),
    ['different', 'idx_parcels_pair', 'collation'],
  ],
  [
    'another expression',
    rebuild('idx_parcels_lower', 'index idx_parcels_lower on parcels (upper(sender))'),
    ['different', 'idx_parcels_lower', 'expression'],
  ],
  [
    'NULLS NOT DISTINCT',
    rebuild('idx_parcels_number', 'unique index idx_parcels_number on parcels (number) nulls not distinct'),
    ['different', 'idx_parcels_number', 'nulls not distinct'],
  ],
  [
    'another fill factor',
    ['alter index idx_parcels_sent set (fillfactor = 70)'],
    ['different', 'idx_parcels_sent', 'storage'],
  ],
  [
    'fastupdate',
    ['alter index idx_parcels_tags reset (fastupdate)'],
    ['different', 'idx_parcels_tags', 'storage'],
  ],
  [
    'several differences at once',
    rebuild('idx_parcels_pair', 'index idx_parcels_pair on parcels (weight, sender) with (fillfactor = 50)'),
    ['different', 'idx_parcels_pair', 'column order', 'storage'],
  ],
  [
    'an index that is not ready',
    [
      `update pg_index set indisready = false, indisvalid = false where indexrelid = 'idx_parcels_pair'::regclass`,
    ],
    ['not-ready', 'idx_parcels_pair'],
  ],
  [
    'an invalid index',
    [`update pg_index set indisvalid = false where indexrelid = 'idx_parcels_pair'::regclass`],
    ['invalid', 'idx_parcels_pair'],
  ],
  [
    'an invalid index of another definition',
    [
      ...rebuild('idx_parcels_pair', 'index idx_parcels_pair on parcels (weight, sender)'),
      `update pg_index set indisvalid = false where indexrelid = 'idx_parcels_pair'::regclass`,
    ],
    ['invalid', 'idx_parcels_pair', 'column order'],
  ],
];

/** Changes of which TypeORM sees some, and mends them with the table locked. */
export const SEEN: readonly [string, readonly string[], Expected][] = [
  [
    'another method',
    rebuild('idx_parcels_lower', 'index idx_parcels_lower on parcels using hash (lower(sender))'),
    ['different', 'idx_parcels_lower', 'method'],
  ],
  [
    'an index that is not unique',
    rebuild('idx_parcels_number', 'index idx_parcels_number on parcels (number)'),
    ['different', 'idx_parcels_number', 'unique'],
  ],
  [
    'other columns',
    rebuild('idx_parcels_pair', 'index idx_parcels_pair on parcels (sender, weight, status)'),
    ['different', 'idx_parcels_pair', 'columns'],
  ],
  ['a missing index', ['drop index idx_parcels_pair'], ['missing', 'idx_parcels_pair']],
  [
    'an index that nobody declares',
    ['create index idx_somebodys on parcels (weight)'],
    ['undeclared', 'idx_somebodys'],
  ],
  [
    'an index under another name',
    ['alter index idx_parcels_pair rename to idx_old_name'],
    ['renamed', 'idx_parcels_pair', 'name'],
  ],
  [
    'an index on another table',
    ['drop index idx_depots_town', 'create index idx_depots_town on parcels (sender)'],
    ['different', 'idx_depots_town', 'table', 'columns'],
  ],
  [
    'a replacement that was cut off before the swap',
    ['create index idx_parcels_pair_hf_new on parcels (sender)'],
    ['remains', 'idx_parcels_pair_hf_new'],
  ],
  [
    'a replacement that was cut off after the swap',
    ['create index idx_parcels_pair_hf_old on parcels (sender)'],
    ['remains', 'idx_parcels_pair_hf_old'],
  ],
  [
    'remains of a rebuild that PostgreSQL had to number',
    ['create index idx_parcels_pair_ccnew3 on parcels (sender)'],
    ['remains', 'idx_parcels_pair_ccnew3'],
  ],
  ['a missing column', ['alter table depots drop column town'], ['table', 'town', 'column']],
  ['a column that nobody declares', ['alter table depots add more text'], ['table', 'more', 'column']],
  [
    'a column that may be null',
    ['alter table parcels alter sender drop not null'],
    ['table', 'sender', 'nullable'],
  ],
  [
    'another default',
    [`alter table parcels alter status set default 'late'`],
    ['table', 'status', 'default'],
  ],
  [
    'a missing check constraint',
    ['alter table parcels drop constraint parcels_weight_check'],
    ['table', 'parcels_weight_check', 'check constraint'],
  ],
];
