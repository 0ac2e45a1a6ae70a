import type { AllowableHazard } from '../plan/hazard-id';
import { quoteIdentifier, quoteQualified } from '../specification/identifier';
import { renderDropIndex } from '../specification/render-index';
import type { Finding } from './check';
import type { Declarations, DeclaringEntity } from './entity-declarations';
import type { IndexShape } from './read-index-shapes';

type Mend = Pick<Finding, 'mend' | 'change'>;

/**
 * What is rid of an index: SQL for one that no entity declares, and for one that is declared what to change there.
 *
 * @param kept The index that does what it did, on the same table; it takes over the order of rows.
 */
export function mendByRemoval(index: IndexShape, declarations: Declarations, kept?: IndexShape): Mend {
  const first = index.clustered && kept !== undefined ? [renderCluster(index, kept.name)] : [];
  const entity = declarations.ofIndex(index);
  if (entity === undefined) return { mend: [...first, renderRemoval(index)] };
  if (entity.isJoinTable) {
    return {
      mend: [],
      change: `TypeORM makes it for the join table ${index.table} and would make it again: accept it, with acceptFindings.`,
    };
  }
  const what =
    index.constraint === null ? `index ${index.name}` : `the unique constraint ${index.constraint}`;
  const isSafe = kept === undefined || kept.constraint !== null || declarations.ofIndex(kept) !== undefined;
  return {
    mend: first,
    // Otherwise the generated migration would drop both.
    change: tellChange(
      `Remove ${what} from ${entity.name}${isSafe ? '' : `, and declare ${kept.name} there`}`,
      index.constraint === null ? 'drop-index' : 'drop-constraint',
    ),
  };
}

/** SQL that replaces an index that no entity declares, or the change of the declaration; nothing where there is no SQL. */
export function mendByReplacement(
  statements: readonly string[],
  { entity, change }: { readonly entity: DeclaringEntity | undefined; readonly change: string },
): Mend {
  if (statements.length === 0 || entity === undefined) return { mend: statements };
  return { mend: [], change: tellChange(`${change} of ${entity.name}`) };
}

/**
 * A sentence for {@link Finding.change}.
 *
 * @param hazard What generate asks about before it writes such a migration.
 */
export function tellChange(what: string, hazard?: AllowableHazard): string {
  return `${what}, then run holdfast generate${hazard === undefined ? '' : ` --allow ${hazard}`}.`;
}

/** What removes the index: with its constraint, where one owns it; an index of a partitioned table never concurrently. */
function renderRemoval(index: IndexShape): string {
  if (index.constraint !== null) {
    const table = quoteQualified(index.schema, index.table);
    return `ALTER TABLE ${table} DROP CONSTRAINT ${quoteIdentifier(index.constraint)}`;
  }
  return index.partitioned
    ? `DROP INDEX ${quoteQualified(index.schema, index.name)}`
    : renderDropIndex(index);
}

/** What lets CLUSTER sort the table by the index from then on; moves no row, and blocks neither readers nor writers. */
export function renderCluster(table: Pick<IndexShape, 'schema' | 'table'>, index: string): string {
  return `ALTER TABLE ${quoteQualified(table.schema, table.table)} CLUSTER ON ${quoteIdentifier(index)}`;
}

/** What builds the index anew while readers and writers go on. */
export function renderRebuild({ schema, name }: Pick<IndexShape, 'schema' | 'name'>): string {
  return `REINDEX INDEX CONCURRENTLY ${quoteQualified(schema, name)}`;
}
