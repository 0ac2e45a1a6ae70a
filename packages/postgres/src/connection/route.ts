import type { PooledClient } from './pooled-client';

/** Decides where the connections of a pool lead, one by one. */
export interface Route {
  /** URL for the next connection. */
  nextUrl(): string;
  /**
   * Judges a connection that has said which server it leads to, before anybody gets it.
   * @throws why nobody may have it.
   */
  admit(client: PooledClient): void | Promise<void>;
  /** Told of a connection that could not be opened. */
  failed(url: string): void;
  /** Returns what callers are told of an opening that failed. */
  explain(error: Error): Error;
  /** Whether a server that has not been tried since the last success is left. */
  readonly hasUntried: boolean;
}
