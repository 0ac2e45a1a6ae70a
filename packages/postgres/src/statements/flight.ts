import pg from 'pg';
import type {
  ConnectionInternals,
  DataRow,
  Exchange,
  FieldDescription,
  StatementWriter,
} from './pg-internals';
import { StatementSkippedError } from './statement-skipped-error';

/**
 * Statements that are sent in one write under one Sync: of these, the server executes none behind one that has failed. To
 * node-postgres they are one query, and each of them gets the answer that is its own.
 */
export class Flight implements Exchange {
  readonly #parts: readonly Exchange[];
  name = '';
  text = '';
  /** The part that is answered next. */
  #at = 0;
  /** Parts that were written; one that could not be is followed by none. */
  #written = 0;

  /** @param parts not sent yet; each must be one statement, for which the server answers. */
  constructor(parts: readonly Exchange[]) {
    this.#parts = parts;
    this.#present();
  }

  submit(connection: ConnectionInternals): Error | null {
    const writer = new PartWriter(connection);
    connection.stream.cork();
    try {
      for (const part of this.#parts) {
        // A statement without values would go out as a message that brings its own Sync.
        part.queryMode = 'extended';
        const failure = part.submit(writer);
        if (failure !== null) process.nextTick(() => part.handleError(failure, connection));
        if (failure !== null || !writer.isExecuting) {
          this.#skipFrom(this.#written + 1, failure, connection);
          break;
        }
        this.#written += 1;
      }
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
    return null;
  }

  handleRowDescription(message: { readonly fields: readonly FieldDescription[] }): void {
    this.#current?.handleRowDescription(message);
  }

  handleDataRow(row: DataRow): void {
    this.#current?.handleDataRow(row);
  }

  handleCommandComplete(message: { readonly text: string }, connection: ConnectionInternals): void {
    this.#current?.handleCommandComplete(message, connection);
    this.#advance();
  }

  handleEmptyQuery(connection: ConnectionInternals): void {
    this.#current?.handleEmptyQuery(connection);
    this.#advance();
  }

  handlePortalSuspended(connection: ConnectionInternals): void {
    this.#current?.handlePortalSuspended(connection);
    this.#advance();
  }

  handleError(error: Error, connection: ConnectionInternals): void {
    const isAnswer = error instanceof pg.DatabaseError;
    for (const part of this.#parts.slice(0, this.#at)) {
      if (isAnswer) part.handleReadyForQuery(connection);
      else part.handleError(error, connection);
    }
    if (this.#at >= this.#written) return;
    this.#parts[this.#at]?.handleError(error, connection);
    for (const part of this.#parts.slice(this.#at + 1, this.#written)) {
      delete connection.submittedNamedStatements[part.name];
      part.handleError(isAnswer ? new StatementSkippedError(error) : error, connection);
    }
  }

  handleReadyForQuery(connection: ConnectionInternals): void {
    // Most are complete, and the list of them need not be copied.
    const parts = this.#written === this.#parts.length ? this.#parts : this.#parts.slice(0, this.#written);
    for (const part of parts) part.handleReadyForQuery(connection);
  }

  get #current(): Exchange | undefined {
    return this.#parts[this.#at];
  }

  #advance(): void {
    this.#at += 1;
    this.#present();
  }

  /** node-postgres notes under the name of the query that is answered what the server has prepared. */
  #present(): void {
    const part = this.#current;
    if (part === undefined) return;
    this.name = part.name;
    this.text = part.text;
  }

  #skipFrom(first: number, failure: Error | null, connection: ConnectionInternals): void {
    for (const part of this.#parts.slice(first)) {
      process.nextTick(() => part.handleError(new StatementSkippedError(failure), connection));
    }
  }
}

/** Writes for one part of a flight, which leaves the Sync to the end of the whole. */
class PartWriter implements StatementWriter {
  readonly #connection: ConnectionInternals;
  /** Whether what was written last is executed. A statement whose values cannot be sent is closed instead. */
  isExecuting = false;

  constructor(connection: ConnectionInternals) {
    this.#connection = connection;
  }

  get stream() {
    return this.#connection.stream;
  }

  get parsedStatements() {
    return this.#connection.parsedStatements;
  }

  get submittedNamedStatements() {
    return this.#connection.submittedNamedStatements;
  }

  _send(messages: Buffer): void {
    this.#connection._send(messages);
    this.isExecuting = true;
  }

  close(target: Parameters<StatementWriter['close']>[0]): void {
    this.isExecuting = false;
    this.#connection.close(target);
  }

  parse(statement: Parameters<StatementWriter['parse']>[0]): void {
    this.isExecuting = false;
    this.#connection.parse(statement);
  }

  bind(target: Parameters<StatementWriter['bind']>[0]): void {
    this.isExecuting = false;
    this.#connection.bind(target);
  }

  describe(target: Parameters<StatementWriter['describe']>[0]): void {
    this.#connection.describe(target);
  }

  execute(target: Parameters<StatementWriter['execute']>[0]): void {
    this.#connection.execute(target);
    this.isExecuting = true;
  }

  flush(): void {
    this.#connection.flush();
  }

  sync(): void {}
}
