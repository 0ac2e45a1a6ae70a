import type { QueryResult } from 'pg';

/** Runs statements of one connection in a better way than as they come. */
export interface StatementRunner {
  /** Whether it wants to run this statement. */
  accepts(text: string, values: readonly unknown[] | undefined): boolean;
  /** Writes the statement before it returns, where the connection is free or pipelined, and resolves with the answer. */
  run(text: string, values: readonly unknown[]): Promise<QueryResult>;
  /** Whether the connection holds this statement under a name. */
  isPrepared(text: string): boolean;
}
