import { performance } from 'node:perf_hooks';
import { ConnectTimeoutError } from './pool-error';
import type { PooledClient } from './pooled-client';

/** What a new connection must satisfy before anybody gets it. */
export interface ConnectionPreparation {
  /** For the whole opening, counted from the client's creation. */
  readonly createMs: number;
  /** Set for the session when given. */
  readonly statementTimeoutMs: number | undefined;
}

/**
 * A new connection has answered one round trip and has its session settings; or it is cut and this rejects.
 * The statement timeout is set here and not as a startup parameter, because PgBouncer refuses those it does not know.
 * @throws ConnectTimeoutError when the opening as a whole has taken longer than `createMs`.
 */
export async function prepareConnection(
  client: PooledClient,
  { createMs, statementTimeoutMs }: ConnectionPreparation,
): Promise<void> {
  let timedOut = false;
  const remainingMs = createMs - (performance.now() - client.createdAtMs);
  const timer = setTimeout(
    () => {
      timedOut = true;
      client.cut();
    },
    Math.max(1, remainingMs),
  );
  try {
    if (statementTimeoutMs === undefined) await client.query('SELECT 1');
    else {
      await client.query(`SELECT set_config('statement_timeout', $1, false)`, [`${statementTimeoutMs}ms`]);
    }
  } catch (error) {
    client.cut();
    throw timedOut ? new ConnectTimeoutError(createMs, error) : error;
  } finally {
    clearTimeout(timer);
  }
}
