import type { QueryResult } from 'pg';
import type { PooledClient } from '../connection/pooled-client';
import { type LocalSetting, writeSettings } from './local-settings';
import { type ConnectionInternals, type DataRow, Query, type QueryCallback } from './pg-internals';

/** One execution of a statement that is not prepared, with settings in front of it that hold for it alone. */
class SettingsQuery extends Query {
  readonly #settings: readonly LocalSetting[];
  /** Answers that are those of settings. */
  #due: number;

  constructor(
    text: string,
    values: readonly unknown[],
    settings: readonly LocalSetting[],
    callback: QueryCallback,
  ) {
    super(text, values as unknown[], callback);
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

  override handleCommandComplete(message: unknown, connection: ConnectionInternals): void {
    if (this.#due === 0) super.handleCommandComplete(message, connection);
    else this.#due -= 1;
  }
}

/** Sends a statement that is not prepared, with settings in front of it, and resolves with its answer. */
export function sendWithSettings(
  client: PooledClient,
  text: string,
  values: readonly unknown[],
  settings: readonly LocalSetting[],
): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    client.query(
      new SettingsQuery(text, values, settings, (error, result) => (error ? reject(error) : resolve(result))),
    );
  });
}
