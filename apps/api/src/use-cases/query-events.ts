import { type EventQuery, type QueryRead, type QueryReadRequest, readByQuery } from '@holdfast/db';
import type { Database } from '../database';

/**
 * Events that a query matches, as one moment shows them, and what an append that is decided from them gives back as `after`.
 *
 * @throws InvalidCursorError
 */
export function queryEvents(
  database: Database,
  query: EventQuery,
  request: QueryReadRequest,
): Promise<QueryRead> {
  return database.read('query events', (manager) => readByQuery(manager, query, request));
}
