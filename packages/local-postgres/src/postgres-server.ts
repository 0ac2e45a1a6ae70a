import type { Shutdown } from './postmaster';
import type { PostgresVersion } from './version';

/** A server that accepts connections, and this process's hold on it. */
export interface PostgresServer extends AsyncDisposable {
  readonly version: PostgresVersion;
  readonly port: number;
  /** Process id of the postmaster at the last start. */
  readonly pid: number;
  /** Connection URL of the database `holdfast`, as a superuser. */
  readonly url: string;
  /** Connection URL of the maintenance database `postgres`, from which others are created and dropped. */
  readonly adminUrl: string;
  /** The folder that holds the data directory and `server.log`. */
  readonly folder: string;
  /** Whether somebody else started the server, so that `stop()` leaves it running. */
  readonly attached: boolean;
  /** Lets go of the server: it has stopped, unless it was attached to. Calling it again does nothing. */
  stop(): Promise<void>;
}

/** A server of its own for one test run, which may be broken on purpose. */
export interface TemporaryServer extends PostgresServer {
  /** The server does not run, and its data and port are kept for `resume()`. The default shutdown is fast. */
  halt(shutdown?: Shutdown): Promise<void>;
  /** The server accepts connections again, on the same port unless somebody took it meanwhile. */
  resume(): Promise<void>;
}

/** How long a start may take before it is given up: recovery after a crash of a large database is the slow case. */
export const startTimeoutMs = 60_000;
