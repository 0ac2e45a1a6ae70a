import { readErrorCode } from '@holdfast/resilience';
import type { QueryResult } from 'pg';
import type { PooledClient } from '../connection/pooled-client';
import { ask } from '../statements/ask';
import type { NamedText } from '../statements/reserved-query';
import { StatementSkippedError } from '../statements/statement-skipped-error';

const READ_ID: NamedText = {
  name: 'hf_transaction_id',
  text: 'SELECT pg_current_xact_id()::text AS "id", pg_backend_pid() AS "pid"',
};

const IN_FAILED_TRANSACTION = '25P02';

/** By what the server tells one transaction from all others, as far as it was asked. */
export class TransactionIdentity {
  readonly #client: PooledClient;
  #id: string | undefined;
  #backendPid: number | undefined;
  #failure: Error | undefined;

  constructor(client: PooledClient) {
    this.#client = client;
  }

  /** As `pg_current_xact_id` gives it. */
  get id(): string | undefined {
    return this.#id;
  }

  get backendPid(): number | undefined {
    return this.#backendPid ?? this.#client.identity?.backendPid;
  }

  /** What the question has failed the transaction with; undefined where something else had. */
  get failure(): Error | undefined {
    return this.#id === undefined ? this.#failure : undefined;
  }

  /** Asks behind a statement. `write` writes it before it returns, and the question must be written right after. */
  askBehind(write: () => Promise<QueryResult>): Promise<QueryResult> {
    let answer: Promise<QueryResult> | undefined;
    const isAsked =
      this.#client.statements?.accompany({ ...READ_ID, onRow: this.#onRow }, () => {
        answer = write();
      }) ?? false;
    answer ??= write();
    if (!isAsked) this.ask();
    return answer;
  }

  /**
   * Asks, and calls back when it is answered. Where the statement in front of it has failed, the next one that succeeds asks
   * again.
   */
  ask(onAnswer?: () => void): void {
    ask(this.#client, READ_ID, [], (error, answer) => {
      if (error === null) for (const row of answer.rows) this.#onRow(row);
      else this.#noteFailure(error);
      onAnswer?.();
    });
  }

  #noteFailure(error: Error): void {
    if (error instanceof StatementSkippedError || readErrorCode(error) === IN_FAILED_TRANSACTION) return;
    this.#failure = error;
  }

  readonly #onRow = ([id, pid]: readonly (string | null)[]): void => {
    this.#id ??= id ?? undefined;
    this.#backendPid ??= Number(pid);
  };
}
