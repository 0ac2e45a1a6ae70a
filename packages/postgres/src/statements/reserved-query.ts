import { closeStatement } from './close-statement';
import { writeExecution } from './held-execution';
import type { ConnectionInternals, DataRow, Exchange, QueryCallback, StatementWriter } from './pg-internals';
import { readStaleness } from './stale-statement';

/** A statement of ours, and the name under which it is prepared: one that no other text has; empty for none. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
  /** Whether the answer is wanted at once, and not with that to what comes behind it under the same Sync. Default false. */
  readonly isUrgent?: boolean;
}

/**
 * One execution of a statement of ours, prepared under its name from the first time on. Other than those of callers it has no place in the
 * cache, and is never closed to make room. The server does not describe its rows, which come as the texts that it sends.
 *
 * It is no query of node-postgres, whose emitter and result cost more than all the rest of it.
 */
export class ReservedQuery implements Exchange {
  readonly name: string;
  readonly text: string;
  queryMode = 'extended' as const;
  readonly #values: readonly string[];
  readonly #isUrgent: boolean;
  callback: QueryCallback;
  readonly #rows: DataRow['fields'][] = [];
  #command = '';

  constructor(
    { name, text, isUrgent = false }: NamedText,
    values: readonly string[],
    callback: QueryCallback,
  ) {
    this.name = name;
    this.text = text;
    this.#values = values;
    this.#isUrgent = isUrgent;
    this.callback = callback;
  }

  submit(connection: StatementWriter): Error | null {
    const { name } = this;
    const isHeld = name !== '' && connection.parsedStatements[name] !== undefined;
    connection.stream.cork();
    try {
      if (!isHeld) this.#prepare(connection);
      if (isHeld && this.#values.length === 0) writeExecution(connection, name);
      else {
        connection.bind({ statement: name, values: this.#values });
        connection.execute({ portal: '' });
      }
      if (this.#isUrgent) connection.flush();
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
    return null;
  }

  /** It was forgotten with another statement, and may be there all the same. Closing what is not there is no error. */
  #prepare(connection: StatementWriter): void {
    const { name, text } = this;
    if (name !== '') closeStatement(connection, name);
    connection.parse({ name, text });
    if (name !== '') connection.submittedNamedStatements[name] = text;
  }

  handleRowDescription(): void {}

  handleDataRow({ fields }: DataRow): void {
    this.#rows.push(fields);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const end = text.indexOf(' ');
    this.#command = end === -1 ? text : text.slice(0, end);
  }

  handleEmptyQuery(): void {}

  handlePortalSuspended(): void {}

  handleError(error: Error, connection: ConnectionInternals): void {
    const staleness = readStaleness(error);
    // Where one is gone, so may be all, and each of them would fail a transaction.
    if (staleness === 'session') connection.parsedStatements = {};
    if (staleness === 'schema') delete connection.parsedStatements[this.name];
    (this.callback as (error: Error) => void)(error);
  }

  handleReadyForQuery(): void {
    const answer = { command: this.#command, rowCount: null, oid: 0, rows: this.#rows, fields: [] };
    this.callback(null, answer);
  }
}
