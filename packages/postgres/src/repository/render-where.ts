import { InvalidOptionError } from '@holdfast/resilience';
import { type EntityMetadata, type FindOperator, InstanceChecker } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { isColumn, type NamedColumn, type PropertyTree } from './property-tree';
import { UnsupportedEntityError } from './unsupported-entity-error';

/** What a condition is rendered with. */
interface WhereTerms {
  readonly metadata: EntityMetadata;
  /** Parameters, in their order; conditions add theirs. */
  readonly values: unknown[];
}

const COMPARISONS: ReadonlyMap<string, string> = new Map([
  ['equal', '='],
  ['lessThan', '<'],
  ['lessThanOrEqual', '<='],
  ['moreThan', '>'],
  ['moreThanOrEqual', '>='],
  ['like', 'LIKE'],
  ['ilike', 'ILIKE'],
  ['arrayContains', '@>'],
  ['arrayContainedBy', '<@'],
  ['arrayOverlap', '&&'],
]);

/**
 * Renders conditions as TypeORM means them: those of one object hold together, of several objects any one. Empty where there
 * is none.
 * @throws InvalidOptionError for a property or value that cannot be one; UnsupportedEntityError for an operator.
 */
export function renderWhere(tree: PropertyTree, where: unknown, terms: WhereTerms): string {
  if (!Array.isArray(where)) return renderAll(tree, where, 'where', terms).join(' AND ');
  const any = where.map((one, at) => renderAll(tree, one, `where[${at}]`, terms).join(' AND '));
  if (any.length <= 1) return any[0] ?? '';
  // One that asks nothing holds for all: the others stay, since their values are parameters of the statement.
  return `(${any.map((one) => `(${one || 'TRUE'})`).join(' OR ')})`;
}

function renderAll(tree: PropertyTree, where: unknown, path: string, terms: WhereTerms): string[] {
  if (typeof where !== 'object' || where === null || Array.isArray(where)) {
    throw new InvalidOptionError(path, typeof where, 'an object of conditions by property');
  }
  const conditions: string[] = [];
  for (const [property, value] of Object.entries(where)) {
    const at = `${path}.${property}`;
    const node = tree.get(property);
    if (node === undefined) refuseProperty(terms.metadata, tree, property, at);
    else if (isColumn(node)) conditions.push(renderOne(node, value, at, terms));
    else conditions.push(...renderAll(node, value, at, terms));
  }
  return conditions;
}

function refuseProperty(metadata: EntityMetadata, tree: PropertyTree, property: string, at: string): never {
  if (metadata.findRelationWithPropertyPath(property) !== undefined) {
    throw new UnsupportedEntityError(
      metadata.name,
      `conditions on the relation ${property}`,
      'it joins nothing',
    );
  }
  throw new InvalidOptionError(at, property, `one of ${[...tree.keys()].join(', ')}`);
}

function renderOne(column: NamedColumn, value: unknown, at: string, terms: WhereTerms): string {
  if (!InstanceChecker.isFindOperator(value)) return `${column.sql} = ${add(column, value, at, terms)}`;
  return renderOperator(column, value, at, terms);
}

function renderOperator(
  column: NamedColumn,
  operator: FindOperator<unknown>,
  at: string,
  terms: WhereTerms,
): string {
  const { type, child } = operator;
  const value = child ?? operator.value;
  const comparison = COMPARISONS.get(type);
  if (comparison !== undefined && child === undefined) {
    return `${column.sql} ${comparison} ${add(column, value, at, terms)}`;
  }
  switch (type) {
    case 'isNull':
      return `${column.sql} IS NULL`;
    case 'not':
      return `NOT (${renderOne(column, value, at, terms)})`;
    case 'in':
    case 'any':
      return `${column.sql} = ANY(${addList(column, value, at, terms)})`;
    case 'between': {
      const [low, high] = requireList(value, at);
      return `${column.sql} BETWEEN ${add(column, low, at, terms)} AND ${add(column, high, at, terms)}`;
    }
    case 'and':
    case 'or': {
      const parts = requireList(value, at).map((part) => renderOne(column, part, at, terms));
      return `(${parts.join(type === 'and' ? ' AND ' : ' OR ')})`;
    }
    default:
      throw new UnsupportedEntityError(terms.metadata.name, `the operator ${type}`, `${at} has it`);
  }
}

function requireList(value: unknown, at: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new InvalidOptionError(at, typeof value, 'a list of values');
}

/** The value is a parameter from now on; returns what the statement calls it. */
function add({ column }: NamedColumn, value: unknown, at: string, { values }: WhereTerms): string {
  values.push(transform(column, value, at));
  return `$${values.length}`;
}

function addList({ column }: NamedColumn, value: unknown, at: string, { values }: WhereTerms): string {
  values.push(requireList(value, at).map((one) => transform(column, one, at)));
  return `$${values.length}`;
}

function transform({ transformer }: ColumnMetadata, value: unknown, at: string): unknown {
  if (value === undefined || value === null) {
    throw new InvalidOptionError(at, value, 'a value, or the operator IsNull()');
  }
  if (transformer === undefined) return value;
  return [transformer].flat().reduce((to: unknown, { to: apply }) => apply(to), value);
}
