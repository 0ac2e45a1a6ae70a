import type { StructuredLogger } from '@holdfast/resilience';
import pg, { type ClientConfig } from 'pg';
import type { DataSource } from 'typeorm';
import { readListening } from '../settings/listening';
import { EVENTS_CHANNEL } from './announcements';

/** Waits for something to be appended, or for time to pass. */
export interface LogListener {
  /**
   * Resolves when something was announced since the last wait began to be served, or after `longestMs`, or when the signal
   * aborts. Never rejects.
   */
  wait(longestMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Between attempts to listen again, in milliseconds. */
const RETRY_MS = 5_000;

export interface LogListenerOptions {
  /** Ends every wait. */
  readonly signal: AbortSignal;
  /** Told when nobody listens although there is an address for it. Default: nobody. */
  readonly logger?: StructuredLogger | undefined;
  /** Between attempts to listen again, in milliseconds. Default 5000. */
  readonly retryMs?: number;
}

/**
 * Opens a listener on a connection of its own, beside the pool; at `DATABASE_LISTEN_URL`, where that is set. Without one, be it that it
 * cannot be opened or is lost, or that a pooler keeps announcements from it, waits last as long as they may: what is announced is
 * never more than a hint to look. Behind a pooler that gives the session to others it does not listen: announcements would come to
 * connections that are nobody's, and PgBouncer writes a warning for each.
 */
export function openLogListener(
  dataSource: DataSource,
  { signal, logger, retryMs = RETRY_MS }: LogListenerOptions,
): LogListener {
  let isAnnounced = false;
  let wake: () => void = () => {};
  let client: pg.Client | undefined;
  let retryTimer: NodeJS.Timeout | undefined;
  let isClosed = false;
  const announce = (): void => {
    isAnnounced = true;
    wake();
  };
  const onAbort = (): void => wake();
  signal.addEventListener('abort', onAbort);

  const { listenUrl, ...listening } = readListening(dataSource);
  // Of what stands before an address of its own, the settings say nothing.
  const pooler = listenUrl === undefined ? listening.pooler : 'auto';
  let isMissed = false;
  /** Once, until there is a listener again. What the pool cannot reach either, it tells itself. */
  const miss = (because: string, facts: Readonly<Record<string, unknown>> = {}): void => {
    if (listenUrl === undefined || isMissed) return;
    isMissed = true;
    logger?.warn(`Appended events are not heard of, and found by looking: ${because}`, facts);
  };
  const connect = async (): Promise<void> => {
    if (pooler === 'transaction' || pooler === 'transaction-prepared') return;
    const opened = new pg.Client(readConnectionOptions(dataSource, listenUrl));
    client = opened;
    const lose = (): void => {
      if (client !== opened) return;
      client = undefined;
      opened.end().catch(() => undefined);
      if (!isClosed) retryTimer = setTimeout(() => void connect(), retryMs).unref();
    };
    opened.on('error', lose).on('end', lose).on('notification', announce);
    try {
      await opened.connect();
      if (pooler === 'auto' && (await isPooled(opened))) {
        client = undefined;
        miss('DATABASE_LISTEN_URL leads to a pooler, not to the server itself');
        await opened.end();
        return;
      }
      await opened.query(`listen ${EVENTS_CHANNEL}`);
      isMissed = false;
      // What was appended while nobody listened.
      announce();
    } catch (error) {
      if (!isClosed) miss('DATABASE_LISTEN_URL cannot be listened at', { error });
      lose();
    }
  };
  const connecting = connect();

  return {
    async wait(longestMs) {
      if (!isAnnounced && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, longestMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      isAnnounced = false;
    },
    async close() {
      isClosed = true;
      signal.removeEventListener('abort', onAbort);
      clearTimeout(retryTimer);
      await connecting;
      const opened = client;
      client = undefined;
      await opened?.end().catch(() => undefined);
    },
  };
}

/** Whether another process than the server answered the login, with an id of its own, which node-postgres keeps and its types do not know. */
async function isPooled(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid !== (client as pg.Client & { readonly processID: number | null }).processID;
}

/** Where and as whom the DataSource reaches its primary, unless it is told of another way there. */
function readConnectionOptions({ options }: DataSource, listenUrl: string | undefined): ClientConfig {
  if (options.type !== 'postgres') throw new Error('a log is read from PostgreSQL');
  const { url, ssl } = options.replication?.master ?? options;
  const connectionString = listenUrl ?? url;
  return {
    ...(connectionString !== undefined && { connectionString }),
    ...(ssl !== undefined && { ssl: ssl as NonNullable<ClientConfig['ssl']> }),
    application_name: `${options.applicationName ?? 'holdfast'} listener`,
    connectionTimeoutMillis: RETRY_MS,
    keepAlive: true,
  };
}
