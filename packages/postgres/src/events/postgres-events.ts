import { Emitter } from '@holdfast/resilience';

/** Every event says which pool it comes from: `primary`, or the name of a replica. */
interface OfPool {
  readonly pool: string;
}

/** Why a connection left the pool. */
export type RemovalReason =
  /** Unused for longer than the pool's `idleMs`. */
  | 'idle'
  /** Older than its lifetime. */
  | 'lifetime'
  /** Given back inside a transaction. */
  | 'in-transaction'
  /** Given back while a statement was running. */
  | 'busy'
  /** The server ended the session, or the connection broke. */
  | 'lost'
  /** Did not answer when it was validated after a long rest. */
  | 'validation'
  /** The caller gave it back as broken. */
  | 'caller'
  /** The server is not the primary any more. */
  | 'read-only'
  /** The pool closes. */
  | 'closing';

/** One statement, told when it has ended. The text has placeholders; values are not told. */
export interface OperationEvent extends OfPool {
  /** As it was sent: a unit of work begins with `BEGIN`, whatever TypeORM asked for. */
  readonly text: string;
  /** First word of the text in capitals, as in `SELECT`. */
  readonly operation: string;
  /** Wall-clock time at which the statement was sent, in milliseconds since 1970. */
  readonly startedAtMs: number;
  /** From sending to the end of the answer, in milliseconds. */
  readonly durationMs: number;
  /** How long the caller had waited for the connection, in milliseconds; 0 for all but its first statement. */
  readonly waitMs: number;
  /** Rows returned or affected, where the server said so. */
  readonly rowCount: number | undefined;
  /** Whether it was sent as a prepared statement by name. */
  readonly isPrepared: boolean;
  /** Of the request that it was sent for, where `context` of the call has one. */
  readonly requestId: string | undefined;
  readonly error: unknown;
}

/** How a unit of work ended. */
export type TransactionOutcome = 'committed' | 'rolled-back' | 'unknown';

/** One unit of work, told when it has ended. `pool`: that of its last attempt; `primary` where that got no connection. */
export interface TransactionEvent extends OfPool {
  readonly outcome: TransactionOutcome;
  /** Transactions begun for it, the last included. */
  readonly attempts: number;
  /** All attempts and the waits between them, in milliseconds. */
  readonly durationMs: number;
  /** How the outcome became known where the answer to COMMIT was lost. */
  readonly resolvedBy: 'witness' | 'token' | undefined;
  readonly error: unknown;
}

/** What the connections of a DataSource tell their listeners. Errors are whole here; log their codes only. */
export interface PostgresEvents {
  /** A new connection is ready. `createMs`: look-up, handshake, login and first round trip. */
  readonly connect: OfPool & { readonly createMs: number };
  /** A connection could not be opened. */
  readonly connectFailed: OfPool & { readonly error: unknown };
  /** A caller got a connection. */
  readonly acquire: OfPool & { readonly waitMs: number };
  /** A caller got none. */
  readonly acquireFailed: OfPool & { readonly waitMs: number; readonly error: unknown };
  /** A caller gave its connection back. */
  readonly release: OfPool & { readonly useMs: number };
  readonly remove: OfPool & { readonly reason: RemovalReason; readonly ageMs: number };
  /** A connection is held for longer than `leakMs`. `site`: where the program acquired it, the nearest frame first. */
  readonly leak: OfPool & { readonly heldMs: number; readonly site: string };
  /** An idle connection failed. */
  readonly error: OfPool & { readonly error: unknown };
  readonly operation: OperationEvent;
  readonly transaction: TransactionEvent;
}

/** Tells of the connections of one DataSource. */
export type PostgresEmitter = Emitter<PostgresEvents>;

/** Makes an emitter that nobody listens to yet. */
export function createPostgresEmitter(): PostgresEmitter {
  return new Emitter<PostgresEvents>([
    'connect',
    'connectFailed',
    'acquire',
    'acquireFailed',
    'release',
    'remove',
    'leak',
    'error',
    'operation',
    'transaction',
  ]);
}
