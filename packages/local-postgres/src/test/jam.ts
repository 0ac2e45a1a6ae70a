import type { PostgresProxy } from '../proxy/postgres-proxy';
import { eventually } from './eventually';
import { query } from './query';

/** A session cannot send any more, because its client reads nothing and every buffer on the way is full. */
export async function waitForJam(
  proxy: PostgresProxy,
  session: { readonly serverUrl: string; readonly applicationName: string },
): Promise<void> {
  const waiting = `SELECT count(*)::int FROM pg_stat_activity
                    WHERE application_name = '${session.applicationName}' AND wait_event = 'ClientWrite'`;
  let before = -1;
  await eventually('the server waits for its client', async () => {
    const { backendBytes } = proxy.counts;
    const isStill = backendBytes === before && (await query(session.serverUrl, waiting))[0] === 1;
    before = backendBytes;
    return isStill;
  });
}
