import { InvalidOptionError } from '@holdfast/resilience';
import { isColumn, type PropertyTree } from './property-tree';

const DIRECTIONS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  ['ASC', 'ASC'],
  ['asc', 'ASC'],
  [1, 'ASC'],
  ['DESC', 'DESC'],
  ['desc', 'DESC'],
  [-1, 'DESC'],
]);

/**
 * Renders an order as TypeORM means it: by the first property, then by the next. Empty where there is none.
 * @throws InvalidOptionError
 */
export function renderOrder(tree: PropertyTree, order: unknown, path = 'order'): string[] {
  if (typeof order !== 'object' || order === null) {
    throw new InvalidOptionError(path, typeof order, 'an object of directions by property');
  }
  return Object.entries(order).flatMap(([property, value]) => {
    const at = `${path}.${property}`;
    const node = tree.get(property);
    if (node === undefined)
      throw new InvalidOptionError(at, property, `one of ${[...tree.keys()].join(', ')}`);
    return isColumn(node) ? [`${node.sql} ${renderDirection(value, at)}`] : renderOrder(node, value, at);
  });
}

function renderDirection(value: unknown, at: string): string {
  const isObject = typeof value === 'object' && value !== null;
  const { direction = 'ASC', nulls } = isObject
    ? (value as Partial<Record<string, unknown>>)
    : { direction: value };
  const rendered = DIRECTIONS.get(direction);
  if (rendered === undefined) throw new InvalidOptionError(at, direction, "'ASC' or 'DESC'");
  if (nulls === undefined) return rendered;
  const end = String(nulls).toUpperCase();
  if (end !== 'FIRST' && end !== 'LAST')
    throw new InvalidOptionError(`${at}.nulls`, nulls, "'FIRST' or 'LAST'");
  return `${rendered} NULLS ${end}`;
}
