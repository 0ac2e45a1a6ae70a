import type { CatalogConstraint } from './read-constraint';
import type { ForeignKeyDefinition, ReferentialAction, UniqueDefinition } from './recipe-definitions';

/** As pg_constraint has them. */
export const REFERENTIAL_ACTIONS: Readonly<Record<ReferentialAction, string>> = {
  'NO ACTION': 'a',
  RESTRICT: 'r',
  CASCADE: 'c',
  'SET NULL': 'n',
  'SET DEFAULT': 'd',
};

/**
 * Whether the foreign key is as defined.
 *
 * @param referenced oid of the table that the definition refers to.
 */
export function isSameForeignKey(
  existing: CatalogConstraint,
  wanted: ForeignKeyDefinition,
  referenced: number,
): boolean {
  const { columns, references, onDelete = 'NO ACTION', onUpdate = 'NO ACTION' } = wanted;
  return (
    existing.referenced === referenced &&
    isEqual(existing.columns, columns) &&
    isEqual(existing.referencedColumns, references.columns) &&
    existing.onDelete === REFERENTIAL_ACTIONS[onDelete] &&
    existing.onUpdate === REFERENTIAL_ACTIONS[onUpdate] &&
    isDeferredAlike(existing, wanted)
  );
}

/** Whether the unique constraint is as defined. */
export function isSameUnique(existing: CatalogConstraint, wanted: UniqueDefinition): boolean {
  return isEqual(existing.columns, wanted.columns) && isDeferredAlike(existing, wanted) && !existing.special;
}

function isDeferredAlike(
  existing: CatalogConstraint,
  { deferrable }: Pick<UniqueDefinition, 'deferrable'>,
): boolean {
  return (
    existing.deferrable === (deferrable !== undefined) &&
    existing.deferred === (deferrable === 'INITIALLY DEFERRED')
  );
}

function isEqual(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, at) => name === other[at]);
}
