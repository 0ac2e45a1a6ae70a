/** Every event says which pool of the DataSource it comes from: `primary`, or the name of a replica. */
interface OfPool {
  readonly pool: string;
}

/** One statement, told when it has ended. */
export interface StatementReading extends OfPool {
  /** As it was sent, with placeholders in place of parameters. */
  readonly text: string;
  /** First word of the text in capitals. */
  readonly operation: string;
  /** Wall-clock time at which it was sent, in milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** How long the caller had waited for the connection before that. */
  readonly waitMs: number;
  /** Of the request that it was sent for, where its caller has said so. */
  readonly requestId?: string | undefined;
  /** Undefined when it succeeded. */
  readonly error: unknown;
}

/** One unit of work, told when it has ended. */
export interface TransactionReading extends OfPool {
  readonly outcome: string;
  /** Transactions begun for it, the last included. */
  readonly attempts: number;
  readonly durationMs: number;
  /** How the outcome became known where the answer to COMMIT was lost. */
  readonly resolvedBy: string | undefined;
  readonly error: unknown;
}

/** What is read of each event of a database client; an event may hold more. */
interface DatabaseEvents {
  readonly connect: OfPool & { readonly createMs: number };
  readonly connectFailed: OfPool & { readonly error: unknown };
  readonly acquire: OfPool & { readonly waitMs: number };
  readonly acquireFailed: OfPool & { readonly error: unknown };
  readonly release: OfPool & { readonly useMs: number };
  readonly remove: OfPool & { readonly reason: string };
  readonly leak: OfPool;
  readonly operation: StatementReading;
  readonly transaction: TransactionReading;
}

/** Tells what a database client does. Taken by its shape, so that this package knows no client. */
export interface DatabaseEventSource {
  /** The listener is told of every event of that name until the returned function is called. */
  on<Name extends keyof DatabaseEvents>(
    name: Name,
    listener: (event: DatabaseEvents[Name]) => void,
  ): () => void;
}
