import { InvalidOptionError } from '@holdfast/resilience';
import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata';
import { quoteIdentifier, quoteTable } from '../bulk/identifier';
import { type EntityShape, shapeOf } from './entity-shape';
import { ALIAS } from './select-parts';
import { renderKind, renderNotDeleted } from './standing-conditions';
import { UnsupportedEntityError } from './unsupported-entity-error';

/** An entity of an answer, and those that are joined to it. */
export interface JoinNode {
  readonly shape: EntityShape;
  /** As the statement calls its table. */
  readonly alias: string;
  /** Undefined for the root. */
  readonly relation: RelationMetadata | undefined;
  /** LEFT JOIN and its condition; empty for the root. */
  readonly join: string;
  readonly children: readonly JoinNode[];
}

/**
 * The entity and the relations that are read with it, in the order in which they are joined.
 * @param relations As TypeORM's: an object of `true`, or of the relations of the related entity, by property.
 * @throws InvalidOptionError; UnsupportedEntityError
 */
export function joinTreeOf(metadata: EntityMetadata, relations: object, withDeleted: boolean): JoinNode {
  const aliases = { used: 0 };
  const root = { shape: shapeOf(metadata), alias: ALIAS, relation: undefined, join: '' };
  const children = listChildren(metadata, relations, {
    path: 'relations',
    parent: ALIAS,
    withDeleted,
    aliases,
  });
  return { ...root, children };
}

/**
 * What relations have in common that are read in one way.
 * @throws InvalidOptionError for what names no relations.
 */
export function keyOfRelations(relations: unknown, path = 'relations'): string {
  if (typeof relations !== 'object' || relations === null || Array.isArray(relations)) {
    throw new InvalidOptionError(path, typeof relations, 'true, false, or an object of them by relation');
  }
  const keys = Object.entries(relations).flatMap(([property, wanted]) => {
    if (wanted === false || wanted === undefined) return [];
    return `${JSON.stringify(property)}:${wanted === true ? '{}' : keyOfRelations(wanted, `${path}.${property}`)}`;
  });
  return `{${keys.join()}}`;
}

/** Whether an entity of the answer may have several rows. */
export function hasMany({ children }: JoinNode): boolean {
  return children.some((child) => isMany(child.relation) || hasMany(child));
}

export function isMany(relation: RelationMetadata | undefined): boolean {
  return relation?.isOneToMany === true || relation?.isManyToMany === true;
}

interface Joining {
  readonly path: string;
  readonly parent: string;
  readonly withDeleted: boolean;
  readonly aliases: { used: number };
}

function listChildren(metadata: EntityMetadata, relations: object, joining: Joining): JoinNode[] {
  const { path } = joining;
  return Object.entries(relations).flatMap(([property, wanted]) => {
    if (wanted === false || wanted === undefined) return [];
    const relation = metadata.findRelationWithPropertyPath(property);
    const at = `${path}.${property}`;
    if (relation === undefined) {
      const known = metadata.relations.map(({ propertyPath }) => propertyPath).join(', ');
      throw new InvalidOptionError(
        at,
        property,
        known === '' ? 'nothing: there are no relations' : `one of ${known}`,
      );
    }
    return [joinRelation(relation, wanted === true ? {} : wanted, { ...joining, path: at })];
  });
}

function joinRelation(relation: RelationMetadata, relations: object, joining: Joining): JoinNode {
  const { parent, withDeleted, aliases } = joining;
  const { inverseEntityMetadata: metadata } = relation;
  if (relation.isTreeParent || relation.isTreeChildren) {
    const { name } = relation.entityMetadata;
    throw new UnsupportedEntityError(name, `the relation ${relation.propertyPath}`, 'it is one of a tree');
  }
  aliases.used += 1;
  const alias = quoteIdentifier(`j${aliases.used}`);
  const shape = shapeOf(metadata);
  const standing = [
    ...(withDeleted ? [] : renderNotDeleted(metadata, alias)),
    ...renderKind(metadata, alias),
  ];
  const join = renderJoin(relation, { parent, alias, standing });
  return {
    shape,
    alias,
    relation,
    join,
    children: listChildren(metadata, relations, { ...joining, parent: alias }),
  };
}

interface JoinNames {
  readonly parent: string;
  readonly alias: string;
  readonly standing: readonly string[];
}

function renderJoin(relation: RelationMetadata, { parent, alias, standing }: JoinNames): string {
  const target = `${quoteTable(relation.inverseEntityMetadata)} ${alias}`;
  const on = (conditions: readonly string[]) => [...conditions, ...standing].join(' AND ');
  if (relation.isWithJoinColumn) {
    const keys = relation.joinColumns.map((column) => equate(parent, column, alias, column.referencedColumn));
    return `LEFT JOIN ${target} ON ${on(keys)}`;
  }
  const inverse = relation.inverseRelation;
  if (!relation.isManyToMany) {
    const columns = inverse?.joinColumns ?? [];
    const keys = columns.map((column) => equate(alias, column, parent, column.referencedColumn));
    return `LEFT JOIN ${target} ON ${on(keys)}`;
  }
  const between = quoteIdentifier(`${alias.slice(1, -1)}b`);
  const { junctionEntityMetadata: junction } = relation;
  const own = relation.isOwning ? relation.joinColumns : (inverse?.inverseJoinColumns ?? []);
  const other = relation.isOwning ? relation.inverseJoinColumns : (inverse?.joinColumns ?? []);
  const [toJunction, toTarget] = [
    own.map((column) => equate(between, column, parent, column.referencedColumn)),
    other.map((column) => equate(between, column, alias, column.referencedColumn)),
  ];
  const table = junction === undefined ? '' : quoteTable(junction);
  // Joined to each other first: a row between that leads to nothing is no row of the answer.
  return `LEFT JOIN (${table} ${between} JOIN ${target} ON ${on(toTarget)}) ON ${toJunction.join(' AND ')}`;
}

function equate(
  one: string,
  column: ColumnMetadata,
  other: string,
  referenced: ColumnMetadata | undefined,
): string {
  const name = referenced?.databaseName ?? column.databaseName;
  return `${one}.${quoteIdentifier(column.databaseName)} = ${other}.${quoteIdentifier(name)}`;
}
