import type { EntityMetadata } from 'typeorm';
import { UnsupportedEntityError } from './unsupported-entity-error';

const READABLE: ReadonlySet<string> = new Set(['regular', 'entity-child']);

/** @throws UnsupportedEntityError for what would be read otherwise than by TypeORM. */
export function requireReadable(metadata: EntityMetadata): void {
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
  for (const child of metadata.childEntityMetadatas) requireReadable(child);
}

/** Whether a subscriber wants to hear when the entity is loaded. They come and go while the program runs. */
export function isHeard({ target, dataSource, childEntityMetadatas }: EntityMetadata): boolean {
  const hears = dataSource.subscribers.some((subscriber) => {
    if (subscriber.afterLoad === undefined) return false;
    const listened = subscriber.listenTo?.();
    return listened === undefined || listened === target || isParent(listened, target);
  });
  return hears || childEntityMetadatas.some(isHeard);
}

function isParent(listened: unknown, target: EntityMetadata['target']): boolean {
  return (
    typeof listened === 'function' && typeof target === 'function' && target.prototype instanceof listened
  );
}
