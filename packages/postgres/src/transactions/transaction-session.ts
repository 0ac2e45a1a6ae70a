import { tagPhase } from '@holdfast/resilience/postgres';
import type { QueryResult } from 'pg';
import type { PooledClient } from '../connection/pooled-client';
import type { StatementGate } from '../pool/lease';
import { endsTransaction, leavesFailure, readOperation } from '../pool/statement-text';
import { TransactionControlError } from './transaction-control-error';

/** Where a transaction stands. */
export type TransactionState = 'new' | 'open' | 'committing' | 'committed' | 'rolling-back';

/** A statement of ours that travels with one of the work's. */
export interface Companion {
  readonly name: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

/** Writes a statement to the connection before it returns, and resolves with the answer. */
export type Forward = (text: string) => Promise<QueryResult>;

export interface SessionTerms {
  /** What is sent instead of TypeORM's START TRANSACTION. */
  readonly begin: string;
  /** Whether the transaction's id shall be known before COMMIT. */
  readonly wantsId: boolean;
  /** Whether the position of the log shall be known after COMMIT. */
  readonly wantsPosition: boolean;
  /** Sent in front of COMMIT, in the same write. */
  readonly beforeCommit: Companion | undefined;
  /** Told when that has failed, and the transaction with it. */
  readonly onCompanionFailure: (error: unknown) => void;
}

/** Statements that read or write, and therefore have taken the transaction's snapshot. */
const TAKES_SNAPSHOT: ReadonlySet<string> = new Set(
  'SELECT INSERT UPDATE DELETE MERGE WITH VALUES TABLE CALL DO EXECUTE'.split(' '),
);

const READ_ID: Companion = {
  name: 'hf_transaction_id',
  text: 'SELECT pg_current_xact_id()::text AS "id", pg_backend_pid() AS "pid"',
};

const READ_POSITION = 'SELECT pg_current_wal_insert_lsn()::text AS "lsn"';

/**
 * One transaction on one connection: what passes through it and how far it has come. It adds to the transaction what its
 * outcome may later be told by, without a round trip of its own: the question for the transaction's id goes behind the
 * first statement that takes a snapshot, in the same write, and the outcome token in front of COMMIT. Neither comes
 * earlier, so that the work decides when its snapshot is taken.
 */
export class TransactionSession implements StatementGate {
  readonly #client: PooledClient;
  readonly #terms: SessionTerms;
  #state: TransactionState = 'new';
  #refusal: unknown;
  #transactionId: string | undefined;
  #backendPid: number | undefined;
  #position: string | undefined;
  #sentAtMs = 0;

  constructor(client: PooledClient, terms: SessionTerms) {
    this.#client = client;
    this.#terms = terms;
    // Statements are written as they come, and answered in order; each stands for itself.
    client.pipeline = true;
  }

  get state(): TransactionState {
    return this.#state;
  }

  /** As `pg_current_xact_id` gives it; undefined until the first statement was answered, and where it is not asked for. */
  get transactionId(): string | undefined {
    return this.#transactionId;
  }

  /** Where the log was right after COMMIT, as in `16/B374D848`; undefined where that is not asked for, or not known. */
  get position(): string | undefined {
    return this.#position;
  }

  get backendPid(): number | undefined {
    return this.#backendPid ?? this.#client.identity?.backendPid;
  }

  /** When COMMIT was sent: milliseconds since 1970. */
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
    this.#client.pipeline = false;
  }

  /** Sends a statement of the work, and what travels with it. `forward` writes before it returns. */
  send(text: string, forward: Forward): Promise<QueryResult> {
    if (this.#state === 'new') {
      this.#state = 'open';
      return forward(this.#terms.begin);
    }
    if (endsTransaction(text)) return this.#commit(text, forward);
    if (this.#state === 'rolling-back') return forward(text);
    if (leavesFailure(text) && !/\bto\b/i.test(text)) throw control('ROLLBACK');
    if (this.#refusal !== undefined) throw this.#refusal;
    if (
      !this.#terms.wantsId ||
      this.#transactionId !== undefined ||
      !TAKES_SNAPSHOT.has(readOperation(text))
    ) {
      return forward(text);
    }
    return this.#inOneWrite(() => {
      const answer = forward(text);
      void this.#askForId();
      return answer;
    });
  }

  async #commit(text: string, forward: Forward): Promise<QueryResult> {
    if (this.#state !== 'committing') throw control('COMMIT');
    this.#sentAtMs = Date.now();
    const { beforeCommit, onCompanionFailure, wantsPosition } = this.#terms;
    let position: Promise<void> | undefined;
    const answer = await this.#inOneWrite(() => {
      // If it fails, COMMIT is answered with ROLLBACK; if the connection is lost, COMMIT fails of the same.
      if (beforeCommit) this.#run(beforeCommit).catch(onCompanionFailure);
      const commit = forward(text);
      if (wantsPosition) position = this.#askForPosition();
      return commit;
    });
    if (answer.command === 'COMMIT') this.#state = 'committed';
    await position;
    return answer;
  }

  /** A cursor or a copy stream is about to talk to the connection itself, which nothing else may do meanwhile. */
  submit(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
    // With answers still due, node-postgres refuses it in words of its own; without this mode it would mix them up.
    if (this.#client.readyForQuery) this.#client.pipeline = false;
  }

  /** The transaction's id is known, if it is wanted: a round trip of its own, needed only where no statement could carry it. */
  async readId(): Promise<void> {
    if (this.#terms.wantsId && this.#transactionId === undefined) await this.#askForId();
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

  #inOneWrite<T>(write: () => T): T {
    const { stream } = this.#client.connection;
    stream.cork();
    try {
      return write();
    } finally {
      stream.uncork();
    }
  }

  #askForId(): Promise<void> {
    return this.#run(READ_ID).then(
      ({ rows: [row] }) => {
        this.#transactionId ??= row?.id;
        this.#backendPid ??= row?.pid;
      },
      // The statement in front of it has failed, and the next one that succeeds asks again.
      () => {},
    );
  }

  #run({ name, text, values = [] }: Companion): Promise<QueryResult<{ id: string; pid: number }>> {
    const isNamed = this.#client.statements !== undefined;
    return this.#client.query({ ...(isNamed && { name }), text, values: [...values] });
  }
}

function control(statement: string): Error {
  return tagPhase(new TransactionControlError(statement), 'in-transaction');
}
