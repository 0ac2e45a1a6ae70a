import type { QueryResult } from 'pg';
import type { PooledClient } from '../connection/pooled-client';
import type { Forward } from '../pool/statement-gate';
import { ask } from '../statements/ask';
import type { NamedText } from '../statements/reserved-query';
import { StatementSkippedError } from '../statements/statement-skipped-error';
import { isWordOfServer } from '../statements/word-of-server';
import type { SentWithCommit } from './last-write';

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
  /** Sends a statement of the work, and notes the answer in it. It writes before it returns. */
  readonly sendWrite: (write: SentWithCommit) => void;
}

const COMMIT: NamedText = { name: 'hf_commit', text: 'COMMIT' };
const READ_POSITION = 'SELECT pg_current_wal_insert_lsn()::text AS "lsn"';

/**
 * COMMIT, and what goes out with it: the last writes of the work, and what the transaction can be known by. With last writes
 * all of it is one Sync, so that the server does not come to COMMIT where one of them fails.
 */
export class Commit {
  readonly #client: PooledClient;
  readonly #terms: CommitTerms;
  readonly #writes: SentWithCommit[] = [];
  #token: string | undefined;
  #entryFailure: unknown;
  #position: string | undefined;
  #sentAtMs = 0;
  #isSkipped = false;
  /** Settles when the position is known, or cannot be. */
  #asked: Promise<void> | undefined;

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

  /** Whether the server has said that it did not come to it: nothing was committed. */
  get isSkipped(): boolean {
    return this.#isSkipped;
  }

  /** What the first of the last writes that failed has failed with. */
  get writeFailure(): Error | undefined {
    return this.#writes.find(({ failure }) => failure !== undefined)?.failure;
  }

  get hasWrites(): boolean {
    return this.#writes.length > 0;
  }

  add(write: SentWithCommit): void {
    this.#writes.push(write);
  }

  /** Sends it, and resolves with the answer. */
  send(forward: Forward): Promise<QueryResult> {
    const entry = this.#terms.createEntry?.();
    this.#token = entry?.token;
    this.#sentAtMs = Date.now();
    const { stream } = this.#client.connection;
    stream.cork();
    try {
      const sent = this.hasWrites ? this.#sendWithWrites(entry) : this.#sendAlone(entry, forward);
      if (this.#terms.wantsPosition) this.#asked = this.#askForPosition();
      return sent;
    } finally {
      stream.uncork();
    }
  }

  /** The position is known, or will not be. */
  async readPosition(): Promise<void> {
    await this.#asked;
  }

  /** If the token fails, COMMIT is answered with ROLLBACK; if the connection is lost, COMMIT fails of the same. */
  #sendAlone(entry: OutcomeEntry | undefined, forward: Forward): Promise<QueryResult> {
    this.#leave(entry);
    return forward();
  }

  /** What has become of the writes is known before anybody hears of COMMIT: answers come in their order. */
  #sendWithWrites(entry: OutcomeEntry | undefined): Promise<QueryResult> {
    return new Promise((resolve, reject) => {
      this.#client.sendTogether(() => {
        for (const write of this.#writes) this.#terms.sendWrite(write);
        this.#leave(entry);
        ask(this.#client, COMMIT, [], (failure, answer) => {
          if (failure === null) for (const write of this.#writes) write.noteCommitted();
          else this.#noteFailure(failure);
          if (failure === null) resolve(answer);
          else reject(failure);
        });
      });
    });
  }

  #noteFailure(failure: Error): void {
    if (!(failure instanceof StatementSkippedError)) return;
    this.#isSkipped = isWordOfServer(failure.cause);
    if (!this.#isSkipped) for (const write of this.#writes) write.noteUnknown();
  }

  #leave(entry: OutcomeEntry | undefined): void {
    if (entry === undefined) return;
    ask(this.#client, entry.statement, [entry.token], (failure) => {
      if (failure !== null && !(failure instanceof StatementSkippedError)) this.#entryFailure = failure;
    });
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
