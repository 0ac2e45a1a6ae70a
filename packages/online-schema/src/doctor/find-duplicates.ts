import { carries, leads } from './compare-shapes';
import type { IndexShape } from './read-index-shapes';

/** An index that another one makes unnecessary. */
export interface Superseded {
  readonly surplus: IndexShape;
  readonly kept: IndexShape;
}

/**
 * The indexes for which there is another one with the same keys that answers every query and enforces every rule as
 * well, each once. Of two equal ones, that of a constraint is kept, then one that is declared, then one that
 * the table is clustered by, then the first by name.
 *
 * @param declared Names of declared indexes.
 */
export function findDuplicates(
  shapes: readonly IndexShape[],
  declared: ReadonlySet<string>,
): readonly Superseded[] {
  const rank = (index: IndexShape) =>
    [
      index.constraintKind === 'p' ? 0 : 1,
      index.referencedBy > 0 ? 0 : 1,
      index.constraint === null ? 1 : 0,
      index.replicaIdentity ? 0 : 1,
      declared.has(index.name) ? 0 : 1,
      index.clustered ? 0 : 1,
      index.name,
    ].join(' ');
  const byRank = shapes.toSorted((one, other) => (rank(one) < rank(other) ? -1 : 1));
  return byRank.flatMap((surplus, at) => {
    if (!isDispensable(surplus)) return [];
    const kept = byRank.find(
      (other, place) =>
        other !== surplus && replaces(other, surplus) && (place < at || !replaces(surplus, other)),
    );
    return kept === undefined ? [] : [{ surplus, kept }];
  });
}

/** Whether it could be dropped for its keys' sake: nothing else in the database rests on this very index. */
export function isDispensable(index: IndexShape): boolean {
  const owned = index.constraintKind === 'p' || index.constraintKind === 'x' || index.attached;
  return !owned && !index.replicaIdentity && index.referencedBy === 0 && index.valid;
}

/** A sentence for a finding that would have the index dropped, where that takes more than its space away. */
export function tellClustered({ clustered, table }: IndexShape): string {
  return clustered ? ` CLUSTER sorts ${table} by it: let that sort by the other one first.` : '';
}

/** Whether `index` has the keys of the other one and does all that it does. */
function replaces(index: IndexShape, other: IndexShape): boolean {
  return (
    index.valid &&
    index.schema === other.schema &&
    index.table === other.table &&
    index.keys.length === other.keys.length &&
    leads(other, index) &&
    carries(index, other) &&
    index.predicate === other.predicate &&
    enforces(index, other) &&
    // For the other methods, storage parameters decide for what the index is good, such as pages_per_range.
    (index.method === 'btree' || index.method === 'hash' || index.storage === other.storage)
  );
}

function enforces(index: IndexShape, other: IndexShape): boolean {
  if (!other.unique) return true;
  return (
    index.unique &&
    (index.nullsNotDistinct || !other.nullsNotDistinct) &&
    (index.immediate || !other.immediate)
  );
}
