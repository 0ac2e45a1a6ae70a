import type { QueryResult } from 'pg';
import Result from 'pg/lib/result';
import type { PooledClient } from '../connection/pooled-client';
import type { ClientInternals, FieldDescription } from './pg-internals';
import type { ReadRow, RowReader } from './row-reader';

/** Of a statement that answers with no rows; one that answers with rows may have none either. */
export const NO_COLUMNS: readonly FieldDescription[] = Object.freeze([]);

/** The answer to one statement while it comes in. */
export class IncomingAnswer {
  readonly #result: InstanceType<typeof Result>;
  readonly #reader: RowReader | undefined;
  #readRow: ReadRow | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** @param reader reads its rows; where it is undefined, they are read as node-postgres reads them. */
  constructor(client: PooledClient, reader: RowReader | undefined) {
    const { _types } = client as unknown as ClientInternals;
    this.#result = new Result(undefined, _types);
    this.#reader = reader;
  }

  /** What it is so far. */
  get result(): QueryResult {
    return this.#result;
  }

  /** What could not be read, by which the statement fails. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** Rows of these columns are read from now on, without a description of them; false where its reader cannot. */
  open(columns: readonly FieldDescription[]): boolean {
    try {
      this.#open(columns);
      return true;
    } catch {
      return false;
    }
  }

  /** The server has said what its columns are. */
  describe(columns: readonly FieldDescription[]): void {
    try {
      this.#open(columns);
    } catch (error) {
      this.#failure = { error };
    }
  }

  takeRow(fields: readonly (string | null)[]): void {
    const readRow = this.#readRow;
    if (this.#failure !== undefined || readRow === undefined) return;
    try {
      const row = readRow(fields);
      if (row !== undefined) this.#result.rows.push(row);
    } catch (error) {
      this.#failure = { error };
    }
  }

  /** The command is done. */
  complete(message: { readonly text: string }): void {
    this.#result.addCommandComplete(message);
  }

  #open(columns: readonly FieldDescription[]): void {
    if (this.#reader !== undefined) {
      this.#readRow = this.#reader.open(columns);
      return;
    }
    if (columns === NO_COLUMNS) return;
    // The caller's to keep and to change; the description is not.
    this.#result.addFields(columns.map((column) => ({ ...column })));
    this.#readRow = (fields) => this.#result.parseRow(fields);
  }
}
