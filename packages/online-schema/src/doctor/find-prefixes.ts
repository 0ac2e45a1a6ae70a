import { carries, leads } from './compare-shapes';
import { findDuplicates, isDispensable, type Superseded } from './find-duplicates';
import type { IndexShape } from './read-index-shapes';

/**
 * The btrees whose keys are the first ones of a longer btree, which can be read in their place: the smallest is. Not what
 * is a duplicate already, nor a unique one, which the longer one does not enforce.
 *
 * @param declared Names of declared indexes.
 */
export function findPrefixes(
  shapes: readonly IndexShape[],
  declared: ReadonlySet<string>,
): readonly Superseded[] {
  const duplicates = findDuplicates(shapes, declared).map(({ surplus }) => surplus);
  return shapes
    .filter((index) => isDispensable(index) && !index.unique && !duplicates.includes(index))
    .flatMap((surplus) => {
      const [kept] = shapes
        .filter((other) => beginsWith(other, surplus))
        .toSorted((one, other) => one.bytes - other.bytes);
      return kept === undefined ? [] : [{ surplus, kept }];
    });
}

function beginsWith(longer: IndexShape, index: IndexShape): boolean {
  return (
    longer.valid &&
    longer.method === 'btree' &&
    longer.schema === index.schema &&
    longer.table === index.table &&
    longer.keys.length > index.keys.length &&
    leads(index, longer) &&
    carries(longer, index) &&
    longer.predicate === index.predicate
  );
}
