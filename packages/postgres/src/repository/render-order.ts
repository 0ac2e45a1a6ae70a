import { InvalidOptionError } from '@holdfast/resilience';
import { isColumn, type NamedColumn, type PropertyTree } from './property-tree';

const DIRECTIONS: ReadonlyMap<unknown, 'ASC' | 'DESC'> = new Map<unknown, 'ASC' | 'DESC'>([
  ['ASC', 'ASC'],
  ['asc', 'ASC'],
  [1, 'ASC'],
  ['DESC', 'DESC'],
  ['desc', 'DESC'],
  [-1, 'DESC'],
]);

/** One column of an order. */
export interface OrderTerm extends NamedColumn {
  readonly direction: 'ASC' | 'DESC';
  /** Where nulls stand; undefined where the order does not say, which is last, or first of a descending one. */
  readonly nulls: 'FIRST' | 'LAST' | undefined;
}

/**
 * Reads an order as TypeORM means it: by the first property, then by the next. Empty where there is none.
 * @throws InvalidOptionError
 */
export function readOrder(tree: PropertyTree, order: unknown, path = 'order'): OrderTerm[] {
  if (typeof order !== 'object' || order === null) {
    throw new InvalidOptionError(path, typeof order, 'an object of directions by property');
  }
  return Object.entries(order).flatMap(([property, value]) => {
    const at = `${path}.${property}`;
    const node = tree.get(property);
    if (node === undefined)
      throw new InvalidOptionError(at, property, `one of ${[...tree.keys()].join(', ')}`);
    return isColumn(node) ? [{ ...node, ...readDirection(value, at) }] : readOrder(node, value, at);
  });
}

/** As it follows ORDER BY. */
export function renderOrder(terms: readonly OrderTerm[]): string {
  return terms
    .map(({ sql, direction, nulls }) => `${sql} ${direction}${nulls === undefined ? '' : ` NULLS ${nulls}`}`)
    .join(', ');
}

function readDirection(value: unknown, at: string): Pick<OrderTerm, 'direction' | 'nulls'> {
  const isObject = typeof value === 'object' && value !== null;
  const { direction: given = 'ASC', nulls } = isObject
    ? (value as Partial<Record<string, unknown>>)
    : { direction: value };
  const direction = DIRECTIONS.get(given);
  if (direction === undefined) throw new InvalidOptionError(at, given, "'ASC' or 'DESC'");
  if (nulls === undefined) return { direction, nulls };
  const end = String(nulls).toUpperCase();
  if (end !== 'FIRST' && end !== 'LAST')
    throw new InvalidOptionError(`${at}.nulls`, nulls, "'FIRST' or 'LAST'");
  return { direction, nulls: end };
}
