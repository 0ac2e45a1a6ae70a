import type { CatalogConstraint } from './read-constraint';
import type {
  ForeignKeyDefinition,
  ReferentialAction,
  TableTarget,
  UniqueDefinition,
} from './recipe-definitions';
import { REFERENTIAL_ACTIONS } from './same-constraint';

/** The definition that would make the unique constraint again. */
export function toUniqueDefinition(target: TableTarget, existing: CatalogConstraint): UniqueDefinition {
  return { ...target, name: existing.name, columns: existing.columns, ...deferral(existing) };
}

/**
 * The definition that would make the foreign key again.
 *
 * @param declared which says whether a schema is named or left to the search path.
 */
export function toForeignKeyDefinition(
  declared: ForeignKeyDefinition,
  existing: CatalogConstraint,
): ForeignKeyDefinition {
  const { columns, onDelete: _, onUpdate: __, deferrable: ___, references, ...target } = declared;
  const { referencedSchema, referencedTable, referencedColumns } = existing;
  const isSameTable = references.table === referencedTable;
  return {
    ...target,
    columns: existing.columns.length > 0 ? existing.columns : columns,
    references: {
      ...(isSameTable ? references : { schema: referencedSchema ?? undefined, table: referencedTable ?? '' }),
      columns: referencedColumns,
    },
    ...action('onDelete', existing.onDelete),
    ...action('onUpdate', existing.onUpdate),
    ...deferral(existing),
  };
}

function action(name: 'onDelete' | 'onUpdate', letter: string): Partial<ForeignKeyDefinition> {
  const [found] = Object.entries(REFERENTIAL_ACTIONS).find(([, one]) => one === letter) ?? [];
  return found === undefined || found === 'NO ACTION' ? {} : { [name]: found as ReferentialAction };
}

function deferral({ deferrable, deferred }: CatalogConstraint): Pick<UniqueDefinition, 'deferrable'> {
  if (!deferrable) return {};
  return { deferrable: deferred ? 'INITIALLY DEFERRED' : 'INITIALLY IMMEDIATE' };
}
