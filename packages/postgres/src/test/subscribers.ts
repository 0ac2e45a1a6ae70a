import type { DataSource, EntitySubscriberInterface } from 'typeorm';

/** Makes an open DataSource tell one more subscriber, which is an object here and no class with a decorator. */
export function addSubscriber(dataSource: DataSource, subscriber: EntitySubscriberInterface): void {
  (dataSource.subscribers as EntitySubscriberInterface[]).push(subscriber);
}
