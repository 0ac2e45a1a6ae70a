import type { LocalPostgresErrorCode } from './error';
import type { Shutdown } from './postmaster';
import type { ServerSettings } from './server-settings';
import type { PostgresVersion } from './version';

/** The server that a replica follows. */
export interface ReplicaSource {
  /** Connection URL of its maintenance database, as a superuser. */
  readonly adminUrl: string;
  /** Its data directory. */
  readonly data: string;
  /** The replication slot that exists as long as the replica does. */
  readonly slot: string;
}

/** The first message to a supervisor: the server it is to start. */
export interface StartRequest {
  readonly version: PostgresVersion;
  readonly place:
    | { readonly kind: 'kept'; readonly directory: string }
    | { readonly kind: 'temporary'; readonly parent: string; readonly replicaOf?: ReplicaSource };
  /** `owned`: the server ends with the process that asked. `background`: it outlives everybody until it is stopped. */
  readonly lifetime: 'owned' | 'background';
  readonly settings?: ServerSettings;
  readonly timeoutMs: number;
}

/** Later messages to the supervisor of a temporary server. A closed channel means: stop it. */
export type Command = { readonly kind: 'halt'; readonly shutdown: Shutdown } | { readonly kind: 'resume' };

/** Where the server is. */
interface ServerAddress {
  readonly pid: number;
  readonly port: number;
  /** The folder with the data directory and the log. */
  readonly folder: string;
}

/** What a supervisor answers to each message, in order. */
export type Reply =
  | ({ readonly kind: 'running'; readonly attached: boolean } & ServerAddress)
  | { readonly kind: 'halted' }
  | { readonly kind: 'failed'; readonly code: LocalPostgresErrorCode; readonly message: string };
