import { closeStatement } from './close-statement';
import {
  type ConnectionInternals,
  type DataRow,
  Query,
  type QueryCallback,
  type StatementWriter,
} from './pg-internals';
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
 */
export class ReservedQuery extends Query {
  readonly #isUrgent: boolean;

  constructor({ name, text, isUrgent = false }: NamedText, values: unknown[], callback: QueryCallback) {
    super(text, values, callback);
    this.name = name;
    this.queryMode = 'extended';
    this.#isUrgent = isUrgent;
  }

  override submit(connection: StatementWriter): Error | null {
    const { name } = this;
    // It was forgotten with another statement, and may be there all the same. Closing what is not there is no error.
    if (name !== '' && connection.parsedStatements[name] === undefined) closeStatement(connection, name);
    return super.submit(connection);
  }

  override prepare(connection: StatementWriter): void {
    const { name, text, values } = this;
    if (!this.hasBeenParsed(connection)) {
      connection.parse({ name, text });
      if (name !== '') connection.submittedNamedStatements[name] = text;
    }
    connection.bind({ statement: name, values });
    connection.execute({ portal: '' });
    if (this.#isUrgent) connection.flush();
    connection.sync();
  }

  override handleDataRow({ fields }: DataRow): void {
    this._result.rows.push(fields);
  }

  override handleError(error: Error, connection: ConnectionInternals): void {
    const staleness = readStaleness(error);
    // Where one is gone, so may be all, and each of them would fail a transaction.
    if (staleness === 'session') connection.parsedStatements = {};
    if (staleness === 'schema') delete connection.parsedStatements[this.name];
    super.handleError(error, connection);
  }
}
