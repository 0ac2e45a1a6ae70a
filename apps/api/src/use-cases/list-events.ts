import { type Event, EventRepository, type Page, type PageRequest } from '@holdfast/db';
import type { Database } from '../database';

/** The ways to ask for events; each is answered by an index of its own. */
export type EventQuestion =
  | ({ by: 'organization'; organizationId: string; eventType?: string | undefined } & PageRequest)
  | ({ by: 'user'; userId: string; eventType?: string | undefined } & PageRequest)
  | ({ by: 'type'; eventType: string } & PageRequest)
  | ({ by: 'tags'; tags: readonly string[] } & PageRequest)
  | { by: 'correlation'; correlationId: string };

/**
 * Events across streams, latest first, page by page. By correlation: everything that one operation did, first things
 * first, in one page.
 *
 * @throws InvalidCursorError
 */
export function listEvents(database: Database, question: EventQuestion): Promise<Page<Event>> {
  return database.read(`list events by ${question.by}`, async (manager) => {
    const events = new EventRepository(manager);
    switch (question.by) {
      case 'organization':
        return events.pageByOrganization(question.organizationId, question);
      case 'user':
        return events.pageByUser(question.userId, question);
      case 'type':
        return events.pageByType(question.eventType, question);
      case 'tags':
        return events.pageByTags(question.tags, question);
      case 'correlation':
        return { items: await events.listByCorrelation(question.correlationId), nextCursor: null };
      default:
        return question satisfies never;
    }
  });
}
