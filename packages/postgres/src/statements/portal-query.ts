import type { QueryResult } from 'pg';
import type { PooledClient } from '../connection/pooled-client';
import { type LocalSetting, writeSettings } from './local-settings';
import type {
  ConnectionInternals,
  DataRow,
  FieldDescription,
  QueryCallback,
  StatementWriter,
} from './pg-internals';
import type { Portal } from './portal';
import { ReadingQuery } from './reading-query';

/** What is done with a portal: its next rows are taken, or it is closed. */
export type PortalStep = 'take' | 'close';

/**
 * One step of a portal, under a Sync of its own: between two steps the connection is as free as behind any statement of a transaction. The server
 * prepares no statement under a name for it, and answers the first step with the columns.
 */
class PortalQuery extends ReadingQuery {
  readonly #portal: Portal;
  readonly #step: PortalStep;
  readonly #settings: readonly LocalSetting[];
  /** Answers that are those of BEGIN and of settings. */
  #due = 0;

  constructor(portal: Portal, step: PortalStep, settings: readonly LocalSetting[], callback: QueryCallback) {
    const { text, values, reader } = portal.terms;
    super(text, values, reader, callback);
    // A statement without values would go out by itself.
    this.queryMode = 'extended';
    this.#portal = portal;
    this.#step = step;
    this.#settings = settings;
  }

  override prepare(connection: StatementWriter): void {
    const { name, state, columns, terms } = this.#portal;
    if (this.#step === 'close') connection.close({ type: 'P', name });
    else if (state === 'new') this.#open(connection);
    else if (columns !== undefined) this.openReader(columns);
    if (this.#step === 'take') connection.execute({ portal: name, rows: terms.batchSize });
    connection.sync();
  }

  override handleRowDescription(message: { readonly fields: readonly FieldDescription[] }): void {
    this.#portal.columns = message.fields;
    super.handleRowDescription(message);
  }

  override handleDataRow(row: DataRow): void {
    if (this.#due === 0) super.handleDataRow(row);
  }

  override handlePortalSuspended(): void {
    this.#portal.state = 'open';
    this._result.rowCount = this._result.rows.length;
  }

  override handleCommandComplete(message: { readonly text: string }, connection: ConnectionInternals): void {
    if (this.#due > 0) {
      this.#due -= 1;
      return;
    }
    this.#portal.state = 'done';
    super.handleCommandComplete(message, connection);
  }

  #open(connection: StatementWriter): void {
    const { name: portal, values, terms } = this.#portal;
    const { text, begins } = terms;
    this.#due = this.#settings.length + (begins ? 1 : 0);
    if (begins) {
      connection.parse({ name: '', text: 'BEGIN' });
      connection.bind({ statement: '' });
      connection.execute({ portal: '' });
    }
    if (this.#settings.length > 0) writeSettings(connection, this.#settings);
    connection.parse({ name: '', text });
    connection.bind({ portal, statement: '', values });
    connection.describe({ type: 'P', name: portal });
  }
}

/** Sends a step, and resolves with the rows that it takes, if any. */
export function sendPortalStep(
  client: PooledClient,
  portal: Portal,
  step: PortalStep,
  settings: readonly LocalSetting[],
): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    client.query(
      new PortalQuery(portal, step, settings, (error, result) => (error ? reject(error) : resolve(result))),
    );
  });
}
