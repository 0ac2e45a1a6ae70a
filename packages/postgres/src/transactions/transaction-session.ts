import type { QueryResult } from 'pg';
import type { AnswerWatch, PooledClient } from '../connection/pooled-client';
import type { Forward, StatementGate } from '../pool/statement-gate';
import {
  endsTransaction,
  leavesFailure,
  returnsToSavepoint,
  setsTransaction,
  startsTransaction,
} from '../pool/statement-text';
import { Commit, type CommitTerms } from './commit';
import { Opening, type OpeningTerms } from './opening';
import { mayFollowBegin, takesSnapshot } from './statement-kind';
import { refuseControl } from './transaction-control-error';
import { TransactionIdentity } from './transaction-identity';

/** Where a transaction stands. */
export type TransactionState = 'new' | 'open' | 'committing' | 'committed' | 'rolling-back';

export interface SessionTerms extends OpeningTerms, CommitTerms {
  readonly readOnly: boolean;
  /** Whether the transaction's id shall be known before COMMIT. */
  readonly wantsId: boolean;
}

/** What node-postgres answers where nothing was sent. */
const NOTHING_SENT = Object.freeze({ rowCount: null, oid: 0, rows: [], fields: [] });

/**
 * One transaction on one connection: what passes through it and how far it has come. BEGIN goes out with the first
 * statement, and never where there is none. It adds to the transaction what its outcome may later be told by, without a
 * round trip of its own: the question for the transaction's id goes behind the first statement that takes a snapshot, in
 * the same write, and the outcome token in front of COMMIT. Neither comes earlier, so that the work decides when its
 * snapshot is taken.
 *
 * Whether the work has ended its transaction, no text tells for certain; the server does, with command tags and with
 * the status behind each answer.
 */
export class TransactionSession implements StatementGate, AnswerWatch {
  readonly #client: PooledClient;
  readonly #terms: SessionTerms;
  readonly #identity: TransactionIdentity;
  readonly #opening: Opening;
  readonly commit: Commit;
  #state: TransactionState = 'new';
  #hasBegun = false;
  /** COMMIT or ROLLBACK was sent: what came behind it would commit by itself. */
  #isEnding = false;
  #isEndedByWork = false;
  /** A cursor or a copy stream has the connection, or is about to. */
  #hasLeft = false;
  #refusal: unknown;

  constructor(client: PooledClient, terms: SessionTerms) {
    this.#client = client;
    this.#terms = terms;
    this.#identity = new TransactionIdentity(client);
    this.#opening = new Opening(client, terms);
    this.commit = new Commit(client, terms);
    client.answerWatch = this;
    // Statements are written as they come, and answered in order; each stands for itself.
    client.pipeline = true;
  }

  get state(): TransactionState {
    return this.#state;
  }

  get isInTransaction(): boolean {
    return this.#state !== 'new' && this.#state !== 'committed' && !this.#isEndedByWork;
  }

  /** Whether nothing of it was sent. */
  get isUnsent(): boolean {
    return this.#opening.isDue;
  }

  /** Why there is no transaction to commit. */
  get openingFailure(): unknown {
    return this.#opening.failure;
  }

  /** Whether the server has ended the transaction on behalf of the work. */
  get isEndedByWork(): boolean {
    return this.#isEndedByWork;
  }

  /** What the question for the id has failed the transaction with; undefined where something else had. */
  get idFailure(): Error | undefined {
    return this.#identity.failure;
  }

  /** As `pg_current_xact_id` gives it; undefined until the first statement was answered, and where it is not asked for. */
  get transactionId(): string | undefined {
    return this.#identity.id;
  }

  get backendPid(): number | undefined {
    return this.#identity.backendPid;
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
    this.#client.answerWatch = undefined;
    this.#client.pipeline = false;
  }

  /** What comes from now on is in the transaction. */
  start(): void {
    this.#state = 'open';
  }

  /** Whatever a subscriber does before the transaction starts is outside of it. */
  defer(text: string): QueryResult | undefined {
    if (this.#state === 'new' && startsTransaction(text)) {
      this.start();
      return { ...NOTHING_SENT, command: 'BEGIN' };
    }
    const isNothing = this.isUnsent && !this.commit.hasWrites;
    if (this.#state !== 'committing' || !isNothing || !endsTransaction(text)) return undefined;
    this.#state = 'committed';
    this.#isEnding = true;
    return { ...NOTHING_SENT, command: 'COMMIT' };
  }

  /** Sends a statement, and what travels with it. */
  send(text: string, forward: Forward, hasValues: boolean): Promise<QueryResult> {
    if (this.#isEnding) throw refuseControl(text);
    if (this.#state === 'new') return forward();
    if (this.#state === 'rolling-back') return this.#rollBack(text, forward);
    if (endsTransaction(text)) return this.#commit(text, forward);
    if (leavesFailure(text) && !returnsToSavepoint(text)) throw refuseControl(text);
    if (this.#refusal !== undefined) throw this.#refusal;
    // A transaction that says it only reads is believed when its COMMIT is lost.
    if (this.#terms.readOnly && setsTransaction(text)) throw refuseControl(text);
    if (this.#opening.failure !== undefined) throw this.#opening.failure;
    if (this.#opening.isDue) return this.#open(text, forward, hasValues);
    if (this.#opening.isAway) return this.#sendLater(text, forward, hasValues);
    if (!this.#asksForId || !takesSnapshot(text)) return forward();
    return this.#inOneWrite(() => this.#identity.askBehind(forward));
  }

  /** A cursor or a copy stream is about to talk to the connection itself, which nothing else may do meanwhile. */
  submit(): Promise<void> | undefined {
    if (this.#isEnding) throw refuseControl('A statement');
    if (this.#refusal !== undefined) throw this.#refusal;
    if (this.#opening.failure !== undefined) throw this.#opening.failure;
    if (this.#opening.isDue || this.#opening.isAway) return this.#openForStream();
    return this.#client.readyForQuery ? void this.#leave() : this.#leavePipeline();
  }

  async #openForStream(): Promise<void> {
    await this.#openAlone();
    await this.submit();
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

  /** Whether `readId` has to wait. */
  get wantsAnswer(): boolean {
    if (this.isUnsent) return this.commit.hasWrites;
    return this.#opening.isAway || (this.#opening.failure === undefined && this.#asksForId);
  }

  /**
   * It is known whether there is a transaction, if one was sent, and its id, if it is wanted. That is a round trip of its
   * own only where no statement could carry the question.
   */
  async readId(): Promise<void> {
    if (this.isUnsent && this.commit.hasWrites) await this.#opening.sendWith(() => this.#askForId());
    await this.#opening.answered();
    if (!this.isUnsent && this.#opening.failure === undefined) await this.#askForId();
  }

  /** The status of the connection tells of the transaction, if one was sent. */
  async settle(): Promise<void> {
    if (this.isUnsent || this.#client.getTransactionStatus() !== 'I') return;
    while (!this.#client.readyForQuery && (await this.#client.isAnswered()));
  }

  async #askForId(): Promise<void> {
    if (this.#asksForId) await new Promise<void>((resolve) => this.#identity.ask(resolve));
  }

  get #asksForId(): boolean {
    return this.#terms.wantsId && this.#identity.id === undefined;
  }

  #open(text: string, forward: Forward, hasValues: boolean): Promise<QueryResult> {
    if (!mayFollowBegin(text, hasValues)) return this.#sendBehindBegin(text, forward, hasValues);
    return this.#opening.sendWith(() => {
      const answer = attempt(forward);
      if (this.#asksForId && takesSnapshot(text)) this.#identity.ask();
      return answer;
    });
  }

  async #sendBehindBegin(text: string, forward: Forward, hasValues: boolean): Promise<QueryResult> {
    await this.#openAlone();
    return this.send(text, forward, hasValues);
  }

  /** What went out with BEGIN has failed with it, whatever has become of the connection since. */
  explain(error: unknown): unknown {
    return this.#opening.failure ?? error;
  }

  async #openAlone(): Promise<void> {
    if (this.#opening.isDue) this.#opening.sendWith(() => {});
    await this.#opening.answered();
    if (this.#opening.failure !== undefined) throw this.#opening.failure;
  }

  /** If there is no transaction, nothing must run as if there were. */
  async #sendLater(text: string, forward: Forward, hasValues: boolean): Promise<QueryResult> {
    await this.#opening.answered();
    return this.send(text, forward, hasValues);
  }

  #rollBack(text: string, forward: Forward): Promise<QueryResult> {
    if (!leavesFailure(text)) throw this.#refusal ?? refuseControl(text);
    this.#isEnding = !returnsToSavepoint(text);
    return forward();
  }

  async #commit(text: string, forward: Forward): Promise<QueryResult> {
    if (this.#state !== 'committing') throw refuseControl(text);
    // A subscriber may have been the first to send something.
    if (this.wantsAnswer) await this.readId();
    if (this.#opening.failure !== undefined) throw this.#opening.failure;
    this.#isEnding = true;
    try {
      const answer = await this.commit.send(forward);
      if (answer.command === 'COMMIT') this.#state = 'committed';
      if (this.#terms.wantsPosition) await this.commit.readPosition();
      return answer;
    } catch (error) {
      // The transaction is as open as before, or has failed: ROLLBACK is to come.
      if (this.commit.isSkipped) this.#isEnding = false;
      throw error;
    }
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

  onCommand(tag: string): void {
    if (tag === 'BEGIN' && !this.#hasBegun && this.#opening.isAway) {
      this.#hasBegun = true;
      this.#opening.noteBegun();
    }
    const ends = tag === 'COMMIT' || tag === 'PREPARE TRANSACTION';
    if (ends && this.#hasBegun && !this.#isEnding) this.#isEndedByWork = true;
  }

  onReady(status: string): void {
    if (status !== 'I') this.#hasBegun = true;
    else if (this.#hasBegun && !this.#isEnding) this.#isEndedByWork = true;
    // What talked to the connection by itself is over, and nothing was queued behind it that is being answered.
    if (this.#hasLeft) this.#client.pipeline = this.#client.readyForQuery;
    this.#hasLeft = false;
  }
}

/** `forward` writes before this returns; whatever it throws, the answer rejects with. */
function attempt(forward: Forward): Promise<QueryResult> {
  try {
    return forward();
  } catch (error) {
    return Promise.reject(error);
  }
}
