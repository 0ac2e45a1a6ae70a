import type { MigrationStep } from '../../run/run-event';

const SCHEMA_CHANGES = 'schema changes of the table; readers and writers go on';
const EVERYBODY_BRIEFLY = 'readers and writers, for a moment';

/** Whom a step keeps waiting while it is at work; undefined where that is nobody. */
const LOCKED_OUT: Readonly<Record<MigrationStep['action'], string | undefined>> = {
  'create extension': undefined,
  'build index': SCHEMA_CHANGES,
  'rebuild index': SCHEMA_CHANGES,
  'replace index': SCHEMA_CHANGES,
  'rename index': undefined,
  'drop index': 'schema changes; on a partitioned table everybody, for a moment',
  'keep index': undefined,
  'add constraint': 'readers and writers, for a moment (for a foreign key: writers)',
  'validate constraint': SCHEMA_CHANGES,
  'replace constraint': EVERYBODY_BRIEFLY,
  'drop constraint': EVERYBODY_BRIEFLY,
  'set not null': EVERYBODY_BRIEFLY,
  'drop not null': EVERYBODY_BRIEFLY,
  'add enum value': undefined,
  'drop enum value': 'readers and writers, while the tables with the type are rewritten',
  backfill: 'writers of the rows of one batch at a time',
};

/** As in `locks out nobody`. */
export function renderLockedOut(action: MigrationStep['action']): string {
  return `locks out ${LOCKED_OUT[action] ?? 'nobody'}`;
}
