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

/** What is done to an entity, as listeners and subscribers call it. */
type Event = 'Load' | 'Insert' | 'Update' | 'Remove';

/** Whether a subscriber wants to hear of it. They come and go while the program runs. */
export function isHeard({ target, dataSource, childEntityMetadatas }: EntityMetadata, event: Event): boolean {
  if (dataSource.subscribers.length === 0) return false;
  const hears = dataSource.subscribers.some((subscriber) => {
    const calls = subscriber as unknown as Readonly<Record<string, unknown>>;
    if (calls[`before${event}`] === undefined && calls[`after${event}`] === undefined) return false;
    const listened = subscriber.listenTo?.();
    return listened === undefined || listened === target || isParent(listened, target);
  });
  return hears || childEntityMetadatas.some((child) => isHeard(child, event));
}

/** @throws UnsupportedEntityError where TypeORM would tell a subscriber what it has loaded. */
export function requireUnheardLoad(metadata: EntityMetadata): void {
  if (!isHeard(metadata, 'Load')) return;
  throw new UnsupportedEntityError(
    metadata.name,
    'subscribers with afterLoad',
    'nothing is called after a load',
  );
}

/** @throws UnsupportedEntityError where TypeORM would call somebody. */
export function requireUnheard(metadata: EntityMetadata, event: Exclude<Event, 'Load'>): void {
  const refuse = (subject: string) =>
    new UnsupportedEntityError(metadata.name, subject, 'nothing is called before or after a write');
  const listener = metadata[`before${event}Listeners`][0] ?? metadata[`after${event}Listeners`][0];
  if (listener !== undefined) throw refuse(`the listener ${listener.propertyName}`);
  if (isHeard(metadata, event)) throw refuse(`subscribers of ${event.toLowerCase()}s`);
}

function isParent(listened: unknown, target: EntityMetadata['target']): boolean {
  return (
    typeof listened === 'function' && typeof target === 'function' && target.prototype instanceof listened
  );
}
