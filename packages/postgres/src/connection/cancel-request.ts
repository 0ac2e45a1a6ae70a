import pg from 'pg';
import type { PooledClient } from './pooled-client';

/** What node-postgres has and does not show in its types. */
interface CancellableClient {
  readonly host: string;
  readonly port: number;
  readonly ssl: unknown;
  readonly processID: number | null;
  readonly secretKey: number | null;
}

interface CancelConnection {
  readonly stream: { destroy(): void };
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
  once(event: string, listener: (...args: unknown[]) => void): void;
}

/**
 * The server was asked to cancel the statement that the connection is running, and has passed it on, or could not be asked within `limitMs`. Never
 * rejects. Whoever sends the next statement through the connection waits for this first: the server closes the channel
 * of the request after it has signalled the backend, and a signal that came later would hit that statement.
 */
export async function requestCancel(client: PooledClient, limitMs: number): Promise<void> {
  const { host, port, ssl, processID, secretKey } = client as unknown as CancellableClient;
  if (processID === null || secretKey === null) return;
  const Connection = pg.Connection as unknown as new (config: object) => CancelConnection;
  const connection = new Connection({ ssl });
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      connection.stream.destroy();
      resolve();
    };
    const timer = setTimeout(end, limitMs);
    const send = (): void => connection.cancel(processID, secretKey);
    connection.once('connect', () => (ssl ? connection.requestSsl() : send()));
    connection.once('sslconnect', send);
    connection.once('error', end);
    connection.once('end', end);
    if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`);
    else connection.connect(port, host);
  });
}
