import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';
import { UnsupportedEntityError } from './unsupported-entity-error';

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

const READABLE: ReadonlySet<string> = new Set(['regular', 'entity-child']);

/** @throws UnsupportedEntityError for what would be read otherwise than by TypeORM. */
function requireReadable(metadata: EntityMetadata): void {
  const { name, tableType, target, dataSource } = metadata;
  const refuse = (subject: string, reason: string) => new UnsupportedEntityError(name, subject, reason);
  if (!READABLE.has(tableType)) throw refuse(`entities of kind ${tableType}`, 'only tables are read');
  if (typeof target !== 'function') throw refuse('entities without a class', 'rows become instances');
  const lazy = metadata.lazyRelations[0]?.propertyPath;
  if (lazy !== undefined) throw refuse(`the relation ${lazy}`, 'it loads itself lazily');
  const eager = metadata.eagerRelations[0]?.propertyPath;
  if (eager !== undefined) throw refuse(`the relation ${eager}`, 'it is loaded with every entity');
  const computed = metadata.columns.find((column) => column.isVirtualProperty)?.propertyPath;
  if (computed !== undefined) throw refuse(`the property ${computed}`, 'it is an expression of its own');
  const listener = metadata.afterLoadListeners[0]?.propertyName;
  if (listener !== undefined) throw refuse(`the listener ${listener}`, 'nothing is called after a load');
  if (metadata.relationIds.length > 0) throw refuse('relation ids', 'each is a statement of its own');
  if (dataSource.options.typename !== undefined) throw refuse('the option typename', 'it adds a property');
  for (const subscriber of dataSource.subscribers) {
    if (subscriber.afterLoad === undefined) continue;
    const listened = subscriber.listenTo?.();
    const isHeard = listened === undefined || listened === target || isParent(listened, target);
    if (isHeard) throw refuse('subscribers with afterLoad', 'nothing is called after a load');
  }
  for (const child of metadata.childEntityMetadatas) requireReadable(child);
}

function isParent(listened: unknown, { prototype }: { readonly prototype: unknown }): boolean {
  return typeof listened === 'function' && prototype instanceof listened;
}
