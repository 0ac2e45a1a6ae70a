import { tagPhase } from '@holdfast/resilience/postgres';
import type { QueryResult } from 'pg';
import { explainFailure } from '../connection/connection-lost-error';
import type { PooledClient } from '../connection/pooled-client';
import type { StatementGate } from '../pool/lease';
import {
  endsTransaction,
  leavesFailure,
  readOperation,
  returnsToSavepoint,
  setsTransaction,
  startsTransaction,
} from '../pool/statement-text';
import { ask } from '../statements/ask';
import { type LocalSetting, SET_LOCAL } from '../statements/local-settings';
import type { NamedText } from '../statements/reserved-query';
import { TransactionControlError } from './transaction-control-error';
import { TransactionIdentity } from './transaction-identity';

/** Where a transaction stands. */
export type TransactionState = 'new' | 'open' | 'committing' | 'committed' | 'rolling-back';

/** Writes a statement to the connection before it returns, and resolves with the answer. */
type Forward = (text: string) => Promise<QueryResult>;

/** What is left in a transaction to know it by. */
export interface OutcomeEntry {
  readonly token: string;
  /** Leaves the token, which is its only parameter. */
  readonly statement: NamedText;
}

export interface SessionTerms {
  /** What is sent instead of TypeORM's START TRANSACTION. */
  readonly begin: string;
  /** Set for the transaction, in the same write. */
  readonly settings: readonly LocalSetting[];
  readonly readOnly: boolean;
  /** Whether the transaction's id shall be known before COMMIT. */
  readonly wantsId: boolean;
  /** Whether the position of the log shall be known after COMMIT. */
  readonly wantsPosition: boolean;
  /** Makes what is sent in front of COMMIT, in the same write. */
  readonly createEntry: (() => OutcomeEntry) | undefined;
}

/** Statements that read or write, and therefore have taken the transaction's snapshot. */
const TAKES_SNAPSHOT: ReadonlySet<string> = new Set(
  'SELECT INSERT UPDATE DELETE MERGE WITH VALUES TABLE CALL DO EXECUTE'.split(' '),
);

const READ_POSITION = 'SELECT pg_current_wal_insert_lsn()::text AS "lsn"';

/**
 * One transaction on one connection: what passes through it and how far it has come. It adds to the transaction what its
 * outcome may later be told by, without a round trip of its own: the question for the transaction's id goes behind the
 * first statement that takes a snapshot, in the same write, and the outcome token in front of COMMIT. Neither comes
 * earlier, so that the work decides when its snapshot is taken.
 *
 * Whether the work has ended its transaction, no text tells for certain; the server does, with command tags and with
 * the status behind each answer.
 */
export class TransactionSession implements StatementGate {
  readonly #client: PooledClient;
  readonly #terms: SessionTerms;
  readonly #identity: TransactionIdentity;
  #state: TransactionState = 'new';
  #hasBegun = false;
  /** COMMIT or ROLLBACK was sent: what came behind it would commit by itself. */
  #isEnding = false;
  #isEndedByWork = false;
  /** A cursor or a copy stream has the connection, or is about to. */
  #hasLeft = false;
  #refusal: unknown;
  #token: string | undefined;
  #entryFailure: unknown;
  #position: string | undefined;
  #sentAtMs = 0;

  constructor(client: PooledClient, terms: SessionTerms) {
    this.#client = client;
    this.#terms = terms;
    this.#identity = new TransactionIdentity(client);
    client.connection.on('commandComplete', this.#onCommand);
    client.connection.on('readyForQuery', this.#onReady);
    // Statements are written as they come, and answered in order; each stands for itself.
    client.pipeline = true;
  }

  get state(): TransactionState {
    return this.#state;
  }

  /** Whether the server has ended the transaction on behalf of the work. */
  get isEndedByWork(): boolean {
    return this.#isEndedByWork;
  }

  /** What was left in the transaction to know it by; undefined before COMMIT was sent. */
  get token(): string | undefined {
    return this.#token;
  }

  /** Why that could not be left; the transaction has failed with it. */
  get entryFailure(): unknown {
    return this.#entryFailure;
  }

  /** What the question for the id has failed the transaction with; undefined where something else had. */
  get idFailure(): Error | undefined {
    return this.#identity.failure;
  }

  /** As `pg_current_xact_id` gives it; undefined until the first statement was answered, and where it is not asked for. */
  get transactionId(): string | undefined {
    return this.#identity.id;
  }

  /** Where the log was right after COMMIT, as in `16/B374D848`; undefined where that is not asked for, or not known. */
  get position(): string | undefined {
    return this.#position;
  }

  get backendPid(): number | undefined {
    return this.#identity.backendPid;
  }

  /** When COMMIT was sent: milliseconds since 1970; 0 before. */
  get sentAtMs(): number {
    return this.#sentAtMs;
  }

  /** No statement of the work is sent from now on; each fails with `reason`. */
  refuse(reason: unknown): void {
    this.#refusal ??= reason;
  }

  /** The next COMMIT or ROLLBACK is ours. */
  finish(by: 'committing' | 'rolling-back'): void {
    this.#state = by;
  }

  /** The connection serves others again. */
  close(): void {
    this.#client.connection.off('commandComplete', this.#onCommand);
    this.#client.connection.off('readyForQuery', this.#onReady);
    this.#client.pipeline = false;
  }

  /** Sends a statement, and what travels with it. `forward` writes before it returns. */
  send(text: string, forward: Forward): Promise<QueryResult> {
    if (this.#isEnding) throw control(text);
    if (this.#state === 'new') return this.#begin(text, forward);
    if (this.#state === 'rolling-back') return this.#rollBack(text, forward);
    if (endsTransaction(text)) return this.#commit(text, forward);
    if (leavesFailure(text) && !returnsToSavepoint(text)) throw control(text);
    if (this.#refusal !== undefined) throw this.#refusal;
    // A transaction that says it only reads is believed when its COMMIT is lost.
    if (this.#terms.readOnly && setsTransaction(text)) throw control(text);
    if (!this.#asksForId || !TAKES_SNAPSHOT.has(readOperation(text))) return forward(text);
    return this.#inOneWrite(() => this.#identity.askBehind(() => forward(text)));
  }

  /** A cursor or a copy stream is about to talk to the connection itself, which nothing else may do meanwhile. */
  submit(): Promise<void> | undefined {
    if (this.#isEnding) throw control('A statement');
    if (this.#refusal !== undefined) throw this.#refusal;
    return this.#client.readyForQuery ? void this.#leave() : this.#leavePipeline();
  }

  /** With answers still due, node-postgres would mix them up. */
  async #leavePipeline(): Promise<void> {
    while (!this.#client.readyForQuery && (await this.#client.isAnswered()));
    this.#leave();
  }

  #leave(): void {
    this.#client.pipeline = false;
    this.#hasLeft = true;
  }

  /** The transaction's id is known, if it is wanted: a round trip of its own, needed only where no statement could carry it. */
  async readId(): Promise<void> {
    if (this.#asksForId) await this.#identity.ask();
  }

  get #asksForId(): boolean {
    return this.#terms.wantsId && this.#identity.id === undefined;
  }

  /** Whatever a subscriber does before the transaction starts is outside of it. */
  #begin(text: string, forward: Forward): Promise<QueryResult> {
    if (!startsTransaction(text)) return forward(text);
    this.#state = 'open';
    const { begin, settings } = this.#terms;
    if (settings.length === 0) return forward(begin);
    const set = (setting: LocalSetting) =>
      ask(this.#client, SET_LOCAL, [...setting]).catch((error: unknown) => {
        throw tagPhase(explainFailure(this.#client, error), 'in-transaction');
      });
    // Where BEGIN fails, they hold for nothing.
    return this.#inOneWrite(() => Promise.all([forward(begin), ...settings.map(set)])).then(
      ([begun]) => begun,
    );
  }

  #rollBack(text: string, forward: Forward): Promise<QueryResult> {
    if (!leavesFailure(text)) throw this.#refusal ?? control(text);
    this.#isEnding = !returnsToSavepoint(text);
    return forward(text);
  }

  async #commit(text: string, forward: Forward): Promise<QueryResult> {
    if (this.#state !== 'committing') throw control(text);
    const { createEntry, wantsPosition } = this.#terms;
    const entry = createEntry?.();
    this.#token = entry?.token;
    this.#sentAtMs = Date.now();
    this.#isEnding = true;
    let position: Promise<void> | undefined;
    const answer = await this.#inOneWrite(() => {
      // If it fails, COMMIT is answered with ROLLBACK; if the connection is lost, COMMIT fails of the same.
      if (entry) {
        ask(this.#client, entry.statement, [entry.token]).catch((error: unknown) => {
          this.#entryFailure = error;
        });
      }
      const commit = forward(text);
      if (wantsPosition) position = this.#askForPosition();
      return commit;
    });
    if (answer.command === 'COMMIT') this.#state = 'committed';
    await position;
    return answer;
  }

  #inOneWrite<T>(write: () => T): T {
    const { stream } = this.#client.connection;
    stream.cork();
    try {
      return write();
    } finally {
      stream.uncork();
    }
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

  readonly #onCommand = ({ text: tag }: { readonly text: string }): void => {
    const ends = tag === 'COMMIT' || tag === 'PREPARE TRANSACTION';
    if (ends && this.#hasBegun && !this.#isEnding) this.#isEndedByWork = true;
  };

  readonly #onReady = ({ status }: { readonly status: string }): void => {
    if (status !== 'I') this.#hasBegun = true;
    else if (this.#hasBegun && !this.#isEnding) this.#isEndedByWork = true;
    // What talked to the connection by itself is over, and nothing was queued behind it that is being answered.
    if (this.#hasLeft) this.#client.pipeline = this.#client.readyForQuery;
    this.#hasLeft = false;
  };
}

function control(text: string): Error {
  return tagPhase(new TransactionControlError(readOperation(text) || text), 'in-transaction');
}
