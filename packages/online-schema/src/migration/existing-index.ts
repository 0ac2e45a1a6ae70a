import type { QueryRunner } from 'typeorm';
import { canonicalise } from '../catalog/canonicalise';
import { compareIndexes } from '../catalog/compare-indexes';
import type { CatalogIndex, IndexDefinition } from '../specification/index-definition';
import { MigrationError } from './migration-error';

/**
 * Whether the index is what the definition says, both as the server spells them.
 *
 * @throws MigrationError when the server refuses the definition.
 */
export async function isDefinedAs(
  runner: QueryRunner,
  definition: IndexDefinition,
  existing: CatalogIndex,
): Promise<boolean> {
  const [canonical] = await canonicalise(runner, [definition]);
  if (canonical === undefined || 'refusal' in canonical) {
    throw new MigrationError(
      'HOLDFAST_INDEX_BUILD_FAILED',
      `index ${definition.name} cannot be built on ${definition.table}: ${canonical?.refusal.message}`,
      { cause: canonical?.refusal },
    );
  }
  return compareIndexes(canonical.index, existing).length === 0;
}

/** Lets pass only an index that is of the table, and no constraint's. */
export function refuseForeign(existing: CatalogIndex, { name, table }: IndexDefinition): void {
  if (existing.table !== table) {
    throw new MigrationError(
      'HOLDFAST_INDEX_NAME_TAKEN',
      `index ${name} exists on table ${existing.table}, not on ${table}; rename one of them`,
    );
  }
  if (existing.constraint !== null) {
    throw new MigrationError(
      'HOLDFAST_INDEX_OF_CONSTRAINT',
      `index ${name} belongs to constraint ${existing.constraint} of ${table}; give the index another name`,
    );
  }
}
