/** As much of node-postgres's connection as is needed; another driver's may have none of it. */
interface Wire {
  readonly connectionParameters?: { query_timeout?: unknown };
  readonly connection?: { readonly stream?: { setKeepAlive?(enable: boolean, delayMs: number): unknown } };
}

/** Below the idle limits of the load balancers and address translators that are met in practice (from 4 minutes on). */
const KEEP_ALIVE_MS = 30_000;

/**
 * From now on a statement on this connection may take hours. The driver's own `query_timeout` is lifted: it gives up
 * the answer while the server goes on, so that what follows waits behind a statement that nobody waits for any more.
 * And the connection is kept alive, since nothing is sent over it during a build: what forgets silent connections on
 * the way would leave both ends waiting for ever.
 *
 * @returns what lets the timeout hold again.
 */
export function allowLongStatements(connection: unknown): () => void {
  const { connectionParameters: parameters, connection: transport } = connection as Wire;
  transport?.stream?.setKeepAlive?.(true, KEEP_ALIVE_MS);
  const before = parameters?.query_timeout;
  if (parameters === undefined || !before) return () => undefined;
  parameters.query_timeout = 0;
  return () => {
    parameters.query_timeout = before;
  };
}
