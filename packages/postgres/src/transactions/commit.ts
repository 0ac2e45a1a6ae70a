import type { QueryResult } from 'pg';
import type { PooledClient } from '../connection/pooled-client';
import type { Forward } from '../pool/statement-gate';
import { ask } from '../statements/ask';
import type { NamedText } from '../statements/reserved-query';

/** What is left in a transaction to know it by. */
export interface OutcomeEntry {
  readonly token: string;
  /** Leaves the token, which is its only parameter. */
  readonly statement: NamedText;
}

export interface CommitTerms {
  /** Whether the position of the log shall be known after COMMIT. */
  readonly wantsPosition: boolean;
  /** Makes what is sent in front of COMMIT, in the same write. */
  readonly createEntry: (() => OutcomeEntry) | undefined;
}

const READ_POSITION = 'SELECT pg_current_wal_insert_lsn()::text AS "lsn"';

/** COMMIT, and what goes out with it. */
export class Commit {
  readonly #client: PooledClient;
  readonly #terms: CommitTerms;
  #token: string | undefined;
  #entryFailure: unknown;
  #position: string | undefined;
  #sentAtMs = 0;

  constructor(client: PooledClient, terms: CommitTerms) {
    this.#client = client;
    this.#terms = terms;
  }

  /** What was left in the transaction to know it by; undefined before it was sent. */
  get token(): string | undefined {
    return this.#token;
  }

  /** Why that could not be left; the transaction has failed with it. */
  get entryFailure(): unknown {
    return this.#entryFailure;
  }

  /** Where the log was right after it, as in `16/B374D848`; undefined where that is not asked for, or not known. */
  get position(): string | undefined {
    return this.#position;
  }

  /** When it was sent: milliseconds since 1970; 0 before. */
  get sentAtMs(): number {
    return this.#sentAtMs;
  }

  /** Sends it. `onAnswer` hears the answer as soon as it has come. */
  async send(forward: Forward, onAnswer: (answer: QueryResult) => void): Promise<QueryResult> {
    const { createEntry, wantsPosition } = this.#terms;
    const entry = createEntry?.();
    const { stream } = this.#client.connection;
    this.#token = entry?.token;
    this.#sentAtMs = Date.now();
    let sent: Promise<QueryResult>;
    let position: Promise<void> | undefined;
    stream.cork();
    try {
      // If it fails, COMMIT is answered with ROLLBACK; if the connection is lost, COMMIT fails of the same.
      if (entry) {
        ask(this.#client, entry.statement, [entry.token]).catch((error: unknown) => {
          this.#entryFailure = error;
        });
      }
      sent = forward();
      if (wantsPosition) position = this.#askForPosition();
    } finally {
      stream.uncork();
    }
    const answer = await sent;
    onAnswer(answer);
    await position;
    return answer;
  }

  /** Never rejects: the transaction is committed, wherever that is. */
  async #askForPosition(): Promise<void> {
    try {
      const { rows } = await this.#client.query<{ lsn: string }>(READ_POSITION);
      this.#position = rows[0]?.lsn;
    } catch {
      this.#position = undefined;
    }
  }
}
