import type { CatalogIndex } from '../specification/index-definition';

/** One respect in which two canonical indexes differ. */
export interface IndexDifference {
  readonly aspect:
    | 'table'
    | 'method'
    | 'unique'
    | 'nulls not distinct'
    | 'keys'
    | 'include'
    | 'predicate'
    | 'storage';
  readonly declared: string;
  readonly actual: string;
}

/** Every difference between what is declared and what the catalog holds, both as spelled by the same server. */
export function compareIndexes(declared: CatalogIndex, actual: CatalogIndex): IndexDifference[] {
  const aspects: readonly [IndexDifference['aspect'], (index: CatalogIndex) => string][] = [
    ['table', (index) => index.table],
    ['method', (index) => index.method],
    ['unique', (index) => String(index.unique)],
    ['nulls not distinct', (index) => String(index.nullsNotDistinct)],
    ['keys', (index) => index.keys.join(', ')],
    // The order of included columns changes nothing but the order of bytes in a tuple.
    ['include', (index) => index.include.toSorted().join(', ')],
    ['predicate', (index) => index.where ?? 'none'],
    [
      'storage',
      (index) =>
        Object.entries(index.storage)
          .map((entry) => entry.join('='))
          .toSorted()
          .join(', '),
    ],
  ];
  return aspects
    .map(([aspect, read]) => ({ aspect, declared: read(declared), actual: read(actual) }))
    .filter((difference) => difference.declared !== difference.actual);
}
