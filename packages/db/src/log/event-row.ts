import type { EntityManager } from 'typeorm';
import { Event } from '../entities/event.entity';

/** The columns of events `e` by the names of their properties, for a statement in SQL. */
export function selectEvent(manager: EntityManager): string {
  return manager.dataSource
    .getMetadata(Event)
    .columns.map(({ databaseName, propertyName }) => `e."${databaseName}" as "${propertyName}"`)
    .join(', ');
}

/** An event of such a row. */
export function toEvent(row: object): Event {
  return Object.assign(new Event(), row);
}
