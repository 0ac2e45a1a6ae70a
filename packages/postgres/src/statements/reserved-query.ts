import { closeStatement } from './close-statement';
import { type ConnectionInternals, Query, type QueryCallback } from './pg-internals';
import { readStaleness } from './stale-statement';

/** A statement of ours, and the name under which it is prepared: one that no other text has. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/**
 * One execution of a statement of ours, prepared under its name from the first time on. Other than those of callers it has no place in the
 * cache, and is never closed to make room.
 */
export class ReservedQuery extends Query {
  constructor({ name, text }: NamedText, values: unknown[], callback: QueryCallback) {
    super(text, values, callback);
    this.name = name;
  }

  override submit(connection: ConnectionInternals): Error | null {
    // It was forgotten with another statement, and may be there all the same. Closing what is not there is no error.
    if (connection.parsedStatements[this.name] === undefined) closeStatement(connection, this.name);
    return super.submit(connection);
  }

  override handleError(error: Error, connection: ConnectionInternals): void {
    if (readStaleness(error) !== undefined) delete connection.parsedStatements[this.name];
    super.handleError(error, connection);
  }
}
