import { type LogPage, type LogPageRequest, readLogPage } from '@holdfast/db';
import type { Database } from '../database';

/**
 * A page of the whole log, in the order of positions, of which none is skipped that is written late.
 *
 * @throws InvalidCursorError, LogRewoundError
 */
export function readLog(database: Database, request: LogPageRequest): Promise<LogPage> {
  return database.read('read log', (manager) => readLogPage(manager, request));
}
