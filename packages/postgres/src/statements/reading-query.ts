import type { QueryResult } from 'pg';
import type { PooledClient } from '../connection/pooled-client';
import {
  type ConnectionInternals,
  type DataRow,
  type FieldDescription,
  Query,
  type QueryCallback,
} from './pg-internals';
import type { ReadRow, RowReader } from './row-reader';

/** One execution of a statement whose rows may be read by somebody else than node-postgres. */
export class ReadingQuery extends Query {
  readonly #reader: RowReader | undefined;
  #readRow: ReadRow | undefined;

  constructor(
    text: string,
    values: readonly unknown[],
    reader: RowReader | undefined,
    callback: QueryCallback,
  ) {
    super(text, values as unknown[], callback);
    this.#reader = reader;
  }

  /** Rows of these columns are read from now on, without a description of them; false where there is nobody who can. */
  protected openReader(columns: readonly FieldDescription[]): boolean {
    try {
      this.#readRow = this.#reader?.open(columns);
    } catch {
      return false;
    }
    return this.#readRow !== undefined;
  }

  override handleRowDescription(message: { readonly fields: readonly FieldDescription[] }): void {
    if (this.#reader === undefined) {
      super.handleRowDescription(message);
      return;
    }
    try {
      this.#readRow = this.#reader.open(message.fields);
    } catch (error) {
      this._canceledDueToError = error;
    }
  }

  override handleDataRow(row: DataRow): void {
    if (this.#reader === undefined) {
      super.handleDataRow(row);
      return;
    }
    if (this._canceledDueToError || this.#readRow === undefined) return;
    try {
      const read = this.#readRow(row.fields);
      if (read !== undefined) this._result.rows.push(read);
    } catch (error) {
      this._canceledDueToError = error;
    }
  }

  /** The server, which waited for rows, has passed over the Sync that the statement was sent with. */
  override handleCopyInResponse(connection: ConnectionInternals): void {
    super.handleCopyInResponse(connection);
    connection.sync();
  }
}

/** Sends a statement that is not prepared, and resolves with its answer as the reader reads it. */
export function sendToReader(
  client: PooledClient,
  text: string,
  values: readonly unknown[],
  reader: RowReader,
): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    const query = new ReadingQuery(text, values, reader, (error, result) =>
      error ? reject(error) : resolve(result),
    );
    // Of one statement alone: several would have several answers, and some of them may have been committed.
    query.queryMode = 'extended';
    client.query(query);
  });
}
