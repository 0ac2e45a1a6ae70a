import { createMetrics } from '../metrics/create-metrics';
import { createDatabaseError, ScriptedDatabase } from './database-source';

/** What a service tells after everything that is measured has happened once. */
export function renderExercisedScrape(): Promise<string> {
  const database = new ScriptedDatabase();
  const metrics = createMetrics({
    readPool: () => ({ used: 3, free: 1, waiting: 0, min: 2, max: 10 }),
    database,
    readAdmission: () => ({
      limit: 64,
      waiting: 0,
      classes: { reads: { inFlight: 1, most: 128, admitted: 2, refused: { full: 1 } } },
    }),
    readBacklog: () => ({ waiting: 1, oldestAgeMs: 500, dead: 1 }),
  });
  const pool = 'primary';
  database.tell('connect', { pool, createMs: 20 });
  database.tell('connectFailed', { pool, error: createDatabaseError('ECONNREFUSED') });
  database.tell('acquire', { pool, waitMs: 1 });
  database.tell('acquireFailed', { pool, error: createDatabaseError('POOL_EXHAUSTED') });
  database.tell('release', { pool, useMs: 5 });
  database.tell('remove', { pool, reason: 'idle' });
  database.tell('leak', { pool });
  database.runStatement();
  database.runTransaction();
  metrics.observeHttpRequest({ method: 'GET', route: '/v1/users/:id', status: 200, durationMs: 20 });
  return metrics.render();
}
