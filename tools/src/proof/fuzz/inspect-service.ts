import { setTimeout as sleep } from 'node:timers/promises';
import { withClient } from '../../measurement/with-client';

/** What a service and its database hold when nobody asks anything. */
export interface Remains {
  /** Of each health route, if it is not well. */
  readonly unwell: readonly string[];
  /** Places and connections of the pool that are still taken, as lines of its metrics. */
  readonly held: readonly string[];
  /** Sessions of the database that are in a transaction, by their state. */
  readonly transactions: readonly string[];
}

const GAUGES =
  /^(?:holdfast_http_in_flight\{[^}]*\}|holdfast_http_waiting|db_client_connection_count\{[^}]*state="used"[^}]*\}) ([1-9]\d*)$/gm;
/**
 * What a client asked for that has gone goes on: for as long as a request may ask for, and as long again as the outcome of a COMMIT
 * is looked up.
 */
const PATIENCE_MS = 45_000;

/** Looks until nothing is held any more, or longer than that would take. */
export async function inspectService(
  url: string,
  databaseUrl: string,
  signal: AbortSignal,
): Promise<Remains> {
  const giveUpAtMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const remains = await look(url, databaseUrl);
    const isClean = Object.values(remains).every((part) => part.length === 0);
    if (isClean || performance.now() > giveUpAtMs) return remains;
    await sleep(100, undefined, { signal });
  }
}

async function look(url: string, databaseUrl: string): Promise<Remains> {
  const unwell: string[] = [];
  for (const path of ['/livez', '/readyz']) {
    const answer = await fetch(url + path).catch((error: unknown) => String(error));
    if (typeof answer === 'string') unwell.push(`${path}: ${answer}`);
    else if (!answer.ok) unwell.push(`${path}: ${answer.status}`);
    else await answer.arrayBuffer();
  }
  if (unwell.length > 0) return { unwell, held: [], transactions: [] };
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const transactions = await withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ readonly state: string }>(
      `select state from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
         and backend_type = 'client backend'`,
    );
    return rows.map(({ state }) => state);
  });
  return { unwell, held: [...metrics.matchAll(GAUGES)].map(([line]) => line), transactions };
}
