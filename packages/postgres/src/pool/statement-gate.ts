import type { QueryResult } from 'pg';

/** Writes a statement to the connection before it returns, and resolves with the answer. */
export type Forward = () => Promise<QueryResult>;

/** Stands between a lease and its connection, and decides what is sent. */
export interface StatementGate {
  /** Whether what is sent runs in a transaction, also where the connection has not heard of it yet. */
  readonly isInTransaction: boolean;
  /** Answers a statement that goes out with the next one, or not at all. Undefined: it is to be sent. */
  defer(text: string): QueryResult | undefined;
  /** @param hasValues Whether the server takes the text as one statement, or not at all. */
  send(text: string, forward: Forward, hasValues: boolean): Promise<QueryResult>;
  /** What a statement has failed with in truth, where another one was the reason. */
  explain?(error: unknown): unknown;
  /** Something that talks to the connection itself is about to be let through: now, or when the promise resolves. */
  submit(): Promise<void> | undefined;
}
