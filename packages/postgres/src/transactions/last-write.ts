import { tagPhase } from '@holdfast/resilience/postgres';
import type { QueryResult } from 'pg';
import { QueryFailedError } from 'typeorm';
import { ConnectionLostError } from '../connection/connection-lost-error';
import type { CallSite } from '../pool/call-site';
import { copyValue } from '../statements/sent-value';
import { requireSingleWrite } from '../statements/single-write';
import { StatementSkippedError } from '../statements/statement-skipped-error';

/** What the server answered to a statement that went out with COMMIT. */
export interface LastAnswer {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** How many rows it wrote, or answered. */
  readonly rowCount: number;
}

/** A statement that goes out with COMMIT. */
export interface LastWrite {
  /**
   * The answer; undefined until the transaction is committed, and where that is known although the answer to COMMIT was lost.
   * @throws what a parser of the program threw at a value of it.
   */
  readonly answer: LastAnswer | undefined;
}

/** A line of a stack that is not its message. */
const FRAME = /^ +at /;

/** One statement that goes out with COMMIT, and what became of it. */
export class SentWithCommit implements LastWrite {
  readonly text: string;
  /** As they are sent: what becomes of the caller's values meanwhile changes nothing. */
  readonly values: readonly (string | Buffer | null)[];
  readonly #site: CallSite;
  #answer: QueryResult | undefined;
  #failure: Error | undefined;
  #isCommitted = false;

  /**
   * @param site where the program gave it: the second frame of its stack, behind that of `commitWith`.
   * @throws InvalidOptionError unless it is one of the statements that read or write; and what a value throws that cannot be sent.
   */
  constructor(text: unknown, values: unknown, site: CallSite) {
    requireSingleWrite(text, values);
    this.text = text;
    this.values = (values as unknown[]).map(copyValue);
    this.#site = site;
  }

  get answer(): LastAnswer | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#isCommitted) return undefined;
    return this.#answer && { rows: this.#answer.rows, rowCount: this.#answer.rowCount ?? 0 };
  }

  /**
   * What it has failed with, by which the transaction was rolled back: with the statement, and with the line of the program
   * that gave it. Undefined where the server did not come to it, and where nobody knows whether it did.
   */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Its transaction is committed, and the server has said so. */
  noteCommitted(): void {
    this.#isCommitted = true;
  }

  /** What it seemed to fail with proves nothing. */
  noteUnknown(): void {
    this.#failure = undefined;
  }

  /** It is answered; with a failure, where the server did not come to it, too, or nobody knows whether it did. */
  noteAnswer(failure: Error | undefined, answer: QueryResult): void {
    if (failure === undefined) this.#answer = answer;
    else if (!(failure instanceof StatementSkippedError || failure instanceof ConnectionLostError)) {
      this.#failure = this.#describe(failure);
    }
  }

  #describe(error: Error): Error {
    const failure = new QueryFailedError(this.text, undefined, error);
    failure.stack = [`${failure.name}: ${failure.message}`, ...readFrames(this.#site).slice(1)].join('\n');
    return tagPhase(failure, 'in-transaction');
  }
}

/** None where the program's own `Error.prepareStackTrace` makes no text of them: the transaction is answered all the same. */
function readFrames(site: CallSite): readonly string[] {
  try {
    const stack: unknown = site.stack;
    return typeof stack === 'string' ? stack.split('\n').filter((line) => FRAME.test(line)) : [];
  } catch {
    return [];
  }
}
