import { InvalidOptionError } from '@holdfast/resilience';

/** Hazards that may be allowed by their id. */
export const ALLOWABLE = [
  'drop-column',
  'drop-constraint',
  'drop-index',
  'rename-column',
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
  | 'foreign-key-without-index'
  | 'partitioned-constraint';

/** @throws InvalidOptionError for an id that is none, or that cannot be allowed. */
export function requireAllowable(allow: readonly string[]): readonly AllowableHazard[] {
  return allow.map((id) => {
    const known = ALLOWABLE.find((allowable) => allowable === id);
    if (known === undefined) throw new InvalidOptionError('allow', id, `one of ${ALLOWABLE.join(', ')}`);
    return known;
  });
}
