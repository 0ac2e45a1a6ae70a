import type { QueryResult } from 'pg';
import type { PooledClient } from '../connection/pooled-client';
import { type LocalSetting, writeSettings } from './local-settings';
import type { ConnectionInternals, DataRow, QueryCallback } from './pg-internals';
import { ReadingQuery } from './reading-query';
import type { RowReader } from './row-reader';

/** A statement that is executed once. */
interface SettingsStatement {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly settings: readonly LocalSetting[];
  /** Reads its rows; node-postgres does where it is undefined. */
  readonly reader?: RowReader | undefined;
}

/** One execution of a statement that is not prepared, with settings in front of it that hold for it alone. */
class SettingsQuery extends ReadingQuery {
  readonly #settings: readonly LocalSetting[];
  /** Answers that are those of settings. */
  #due: number;

  constructor({ text, values, settings, reader }: SettingsStatement, callback: QueryCallback) {
    super(text, values, reader, callback);
    // A statement without values would go out by itself.
    this.queryMode = 'extended';
    this.#settings = settings;
    this.#due = settings.length;
  }

  override submit(connection: ConnectionInternals): Error | null {
    connection.stream.cork();
    try {
      writeSettings(connection, this.#settings);
      return super.submit(connection);
    } finally {
      connection.stream.uncork();
    }
  }

  override handleDataRow(row: DataRow): void {
    if (this.#due === 0) super.handleDataRow(row);
  }

  override handleCommandComplete(message: { readonly text: string }, connection: ConnectionInternals): void {
    if (this.#due === 0) super.handleCommandComplete(message, connection);
    else this.#due -= 1;
  }
}

/** Sends a statement that is not prepared, with settings in front of it, and resolves with its answer. */
export function sendWithSettings(client: PooledClient, statement: SettingsStatement): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    client.query(new SettingsQuery(statement, (error, result) => (error ? reject(error) : resolve(result))));
  });
}
