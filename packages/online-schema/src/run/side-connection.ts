import type { DataSource } from 'typeorm';
import type { Questioner } from '../migration/build-progress';
import { isSettledWithin } from './is-settled-within';

/** A connection beside the DataSource's pool, which may have no second one to give. */
export interface SideConnection extends Questioner {
  /** Resolves to the rows. */
  query<Row>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** As much of node-postgres as is needed. */
interface Client {
  connect(): Promise<void>;
  query(sql: string, parameters?: unknown[]): Promise<{ readonly rows: unknown[] }>;
  end(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

interface Driver {
  readonly postgres?: { readonly Client?: new (config: object) => Client };
  readonly options: Credentials & {
    readonly replication?: { readonly master: Credentials };
    /** What TypeORM hands to the pool as it is, over what it has put together itself. */
    readonly extra?: object;
  };
}

interface Credentials {
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly username?: string;
  readonly password?: unknown;
  readonly database?: string;
  readonly ssl?: unknown;
}

// Long enough for a slow network, short enough for somebody who waits for Ctrl-C to be heard.
const TIMEOUT_MS = 5_000;

const STAY = `select set_config(name, '0', false) from pg_settings where name = 'idle_session_timeout'`;

/**
 * A connection to the server that the DataSource writes to, with the same login. No question waits longer than five
 * seconds for its answer.
 */
export async function openSideConnection(
  dataSource: DataSource,
  applicationName: string,
): Promise<SideConnection> {
  const { postgres, options } = dataSource.driver as unknown as Driver;
  if (postgres?.Client === undefined) throw new Error('this driver has no connections beside its pool');
  const { url, host, port, username, password, database, ssl } = options.replication?.master ?? options;
  const client = new postgres.Client({
    connectionString: url,
    host,
    port,
    user: username,
    password,
    database,
    ssl,
    ...options.extra,
    application_name: applicationName,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
  });
  // Told by the next question as well.
  client.on('error', () => undefined);
  // A server that is gone says no goodbye.
  const close = async () => void (await isSettledWithin(TIMEOUT_MS, client.end()).catch(() => undefined));
  await client.connect();
  try {
    // Whoever watches has nothing to ask for as long as every statement is short.
    await client.query(STAY);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    query: async <Row>(sql: string, parameters: unknown[] = []) =>
      (await client.query(sql, parameters)).rows as Row[],
    close,
  };
}
