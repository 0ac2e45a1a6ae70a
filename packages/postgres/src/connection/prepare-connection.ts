import { performance } from 'node:perf_hooks';
import { ConnectTimeoutError } from '../pool/pool-error';
import type { SessionPolicy } from '../statements/session-policy';
import type { PooledClient } from './pooled-client';
import type { Route } from './route';
import { readServerIdentity } from './server-identity';

/** What a new connection must satisfy before anybody gets it. */
export interface ConnectionPreparation {
  /** For the whole opening, counted from the client's creation. */
  readonly createMs: number;
  /** What the session may keep on the server. */
  readonly session: SessionPolicy;
  /** Judges where the connection leads; undefined when it may lead anywhere. */
  readonly route: Route | undefined;
}

/**
 * A new connection has said which server it leads to and has its session settings; or it is cut and this rejects.
 * Settings are not made by startup parameters, because PgBouncer refuses those it does not know.
 * @throws ConnectTimeoutError when the opening as a whole has taken longer than `createMs`.
 */
export async function prepareConnection(
  client: PooledClient,
  { createMs, session, route }: ConnectionPreparation,
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
    client.identity = await readServerIdentity(client);
    await route?.admit(client);
    await session.apply(client);
  } catch (error) {
    client.cut();
    throw timedOut ? new ConnectTimeoutError(createMs, error) : error;
  } finally {
    clearTimeout(timer);
  }
}
