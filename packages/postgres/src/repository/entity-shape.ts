import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { requireReadable } from './require-readable';

/** What is read of an entity. */
export interface EntityShape {
  readonly metadata: EntityMetadata;
  /** Selected, in this order. */
  readonly columns: readonly ColumnMetadata[];
  /** Place of the column that tells which child of the entity a row is; undefined where there are no children. */
  readonly discriminator: number | undefined;
}

/**
 * The columns that are selected of an entity: those that TypeORM selects, or those of these properties.
 * @param properties Paths of properties; of an embedded object, all that is in it. Default: all that are selected by default.
 * @throws UnsupportedEntityError
 */
export function shapeOf(metadata: EntityMetadata, properties?: readonly string[]): EntityShape {
  requireReadable(metadata);
  const columns = metadata.columns.filter(
    (column) => isWanted(column, properties) || column === metadata.discriminatorColumn,
  );
  const { discriminatorColumn, childEntityMetadatas } = metadata;
  const hasChildren = discriminatorColumn !== undefined && childEntityMetadatas.length > 0;
  const discriminator = hasChildren ? columns.indexOf(discriminatorColumn) : undefined;
  return Object.freeze({ metadata, columns: Object.freeze(columns), discriminator });
}

/** The columns of a shape that a row of this entity, the shape's own or one of its children, gets. */
export function listOwnColumns({ columns }: EntityShape, metadata: EntityMetadata) {
  const own = new Set(metadata.columns.map(({ propertyPath }) => propertyPath));
  const ofChildren = new Set(metadata.childEntityMetadatas.map(({ target }) => target));
  return [...columns.entries()].filter(
    ([, { isVirtual, propertyPath, target }]) =>
      !isVirtual && own.has(propertyPath) && !ofChildren.has(target),
  );
}

function isWanted(
  { isSelect, isVirtual, propertyPath }: ColumnMetadata,
  properties: readonly string[] | undefined,
): boolean {
  if (properties === undefined) return isSelect && !isVirtual;
  if (isVirtual) return false;
  return properties.some((property) => propertyPath === property || propertyPath.startsWith(`${property}.`));
}
