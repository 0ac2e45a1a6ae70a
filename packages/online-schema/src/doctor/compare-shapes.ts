import type { IndexShape, KeyShape } from './read-index-shapes';

/**
 * Whether the keys of the one are the first keys of the other: same column or expression, operator class and
 * collation, in the same order of rows, or in exactly the opposite one, since a btree is read in both directions.
 */
export function leads(one: IndexShape, other: IndexShape): boolean {
  if (one.keys.length > other.keys.length) return false;
  const pairs = one.keys.map((key, at) => [key, other.keys[at] as KeyShape] as const);
  if (!pairs.every(([key, counterpart]) => isSameKey(key, counterpart))) return false;
  return (
    pairs.every(([key, counterpart]) => isSameOrder(key, counterpart)) ||
    pairs.every(([key, counterpart]) => isOppositeOrder(key, counterpart))
  );
}

/** Whether the index carries everything that the other one includes, as a key or included as well. */
export function carries(index: IndexShape, other: IndexShape): boolean {
  const columns = new Set([...index.include, ...index.keys.map(({ column }) => column)]);
  return other.include.every((column) => columns.has(column));
}

/** An operator class belongs to one access method, and the server quotes a column that is called like an expression. */
export function isSameKey(one: KeyShape, other: KeyShape): boolean {
  return (
    one.text === other.text && one.operatorClass === other.operatorClass && one.collation === other.collation
  );
}

function isSameOrder(one: KeyShape, other: KeyShape): boolean {
  return one.descending === other.descending && one.nullsFirst === other.nullsFirst;
}

function isOppositeOrder(one: KeyShape, other: KeyShape): boolean {
  return one.descending !== other.descending && one.nullsFirst !== other.nullsFirst;
}
