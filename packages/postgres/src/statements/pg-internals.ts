import pg, { type QueryResult } from 'pg';

/** What node-postgres has in every release of version 8 and does not show in its types. */

export type QueryCallback = (error: Error | null, result: QueryResult) => void;

/** What is sent, and gets the messages that answer it. */
export interface Exchange {
  /** Prepared under it, or executed by it where `parsedStatements` has it. */
  readonly name: string;
  readonly text: string;
  /** `extended`: also where there are no values. */
  queryMode?: 'extended';
  /** Learns how it ends; is replaced where there is a limit to that. */
  callback?: QueryCallback;
  /** Writes the messages. Returns an error when there is nothing that could be sent. */
  submit(connection: StatementWriter): Error | null;
  handleError(error: Error, connection: ConnectionInternals): void;
  handleReadyForQuery(connection: ConnectionInternals): void;
  handleRowDescription(message: { readonly fields: readonly FieldDescription[] }): void;
  handleDataRow(row: DataRow): void;
  handleCommandComplete(message: { readonly text: string }, connection: ConnectionInternals): void;
  handleEmptyQuery(connection: ConnectionInternals): void;
  /** There are more rows than were asked for. */
  handlePortalSuspended(connection: ConnectionInternals): void;
}

/** Its query. */
export interface QueryInternals extends Exchange {
  text: string;
  readonly values: unknown[];
  name: string;
  /** Whether the server holds it under its name, or will when what was written is answered. */
  hasBeenParsed(connection: StatementWriter): boolean;
  /** Writes Parse where it is due, Bind, Describe and what `_getRows` writes. */
  prepare(connection: StatementWriter): void;
  /** Writes Execute, and Sync where not a number of rows was asked for. */
  _getRows(connection: StatementWriter, rows: number | undefined): void;
  /** The server waits for the rows of a COPY, and is told that there are none to come. */
  handleCopyInResponse(connection: ConnectionInternals): void;
  readonly _result: { readonly rows: unknown[]; rowCount: number | null };
  /** Fails the query with it as soon as the server has answered to the end. */
  _canceledDueToError: unknown;
}

/** What the server says of a column of an answer. */
export interface FieldDescription {
  readonly name: string;
  /** OID of its type; that of a domain is the type beneath. */
  readonly dataTypeID: number;
}

export interface DataRow {
  /** As the server sent them: text, as no binary format is asked for. */
  readonly fields: readonly (string | null)[];
}

export const Query = pg.Query as unknown as new (
  text: string,
  values: unknown[],
  callback: QueryCallback,
) => QueryInternals;

/** What writes the messages of statements. */
export interface StatementWriter {
  readonly stream: { cork(): void; uncork(): void };
  /** Text by name, of what the server has confirmed. */
  readonly parsedStatements: Record<string, string>;
  /** Text by name, of what was sent and not answered yet. */
  readonly submittedNamedStatements: Record<string, string>;
  /** Writes messages that are rendered already: of one execution. */
  _send(messages: Buffer): void;
  /** Writes a Close message, which is answered with the next Sync. */
  close(target: { readonly type: 'P' | 'S'; readonly name: string }): void;
  parse(statement: { readonly name: string; readonly text: string }): void;
  bind(target: {
    /** Default: the unnamed one. */
    readonly portal?: string;
    readonly statement: string;
    readonly values?: readonly unknown[];
    /** Makes of each value what is sent. */
    readonly valueMapper?: (value: unknown) => string | Buffer | null;
  }): void;
  describe(target: { readonly type: 'P' | 'S'; readonly name: string }): void;
  /** @param target.rows at most; all where it is left out. */
  execute(target: { readonly portal: string; readonly rows?: number }): void;
  /** What was written so far is answered now. */
  flush(): void;
  /** Ends what fails or is done as one, unless a transaction is open. */
  sync(): void;
}

export interface ConnectionInternals extends StatementWriter {
  parsedStatements: Record<string, string>;
  on(event: 'bindComplete', listener: () => void): void;
  on(
    event: 'parameterStatus',
    listener: (message: { readonly parameterName: string; readonly parameterValue: string }) => void,
  ): void;
}

export interface ClientInternals {
  readonly connection: ConnectionInternals;
  /** What waits for its turn to be sent. */
  readonly _queryQueue: unknown[];
  /** Parsers of values, by the OID of their type. */
  readonly _types: object;
}
