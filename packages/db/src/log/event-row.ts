import type { EntityManager } from 'typeorm';
import { Event } from '../entities/event.entity';
import { selectColumns } from '../repositories/plain-row';

/** The columns of events `e` by the names of their properties, for a statement in SQL. */
export function selectEvent(manager: EntityManager): string {
  return selectColumns(manager, Event, 'e');
}

/** An event of such a row. */
export function toEvent(row: object): Event {
  return Object.assign(new Event(), row);
}
