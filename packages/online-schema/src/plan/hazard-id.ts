/** Hazards that may be allowed by their id, everywhere or for one target. */
export const ALLOWABLE = [
  'drop-column',
  'drop-constraint',
  'drop-index',
  'rename-column',
  'rename-table',
  'replace-view',
  'change-type',
  'rewrite-table',
  'not-null-without-default',
  'add-exclusion',
  'reorder-enum',
] as const;

export type AllowableHazard = (typeof ALLOWABLE)[number];

export type HazardId =
  | AllowableHazard
  | 'change-primary-key'
  | 'change-generated'
  | 'remove-enum-value'
  | 'change-enum-type'
  | 'type-not-convertible'
  | 'column-in-use'
  | 'unique-in-use'
  | 'name-too-long'
  | 'name-taken'
  | 'rewrite-on-revert'
  | 'foreign-key-without-index'
  | 'partitioned-constraint';
