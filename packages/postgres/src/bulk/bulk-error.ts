/** Why a row was not sent. */
export type BulkRowRefusal =
  /** It is no object that could have properties. */
  | 'not-a-row'
  /** The entity has no such property. */
  | 'unknown-column'
  /** The property is a relation without a column here, or a value where an embedded object belongs. */
  | 'not-a-column'
  /** The value is a function: SQL expressions cannot be written in bulk. */
  | 'expression'
  /** PostgreSQL has no text with the character NUL. */
  | 'nul-character'
  /** Bytes were given for a column that is no bytea. */
  | 'bytes'
  /** The column's transformer, or the rendering of the value as text, threw; `cause` is what it threw. */
  | 'unreadable'
  /** A column that this row must give is absent. */
  | 'missing-column'
  /** The row gives a column that the COPY does not write. */
  | 'extra-column'
  /** The row gives no column at all. */
  | 'empty'
  /** An earlier row has the same conflict key. */
  | 'duplicate-key';

const REASONS: Record<BulkRowRefusal, string> = {
  'not-a-row': 'it must be an object with properties of the entity',
  'unknown-column': 'the entity has no such property',
  'not-a-column': 'it has no column of its own in this table',
  expression: 'a function cannot be written in bulk',
  'nul-character': 'PostgreSQL stores no text with a NUL character',
  bytes: 'bytes can only be written into a bytea column',
  unreadable: 'its value could not be turned into text',
  'missing-column': 'the row must give it',
  'extra-column': 'it is not among the columns that are copied',
  empty: 'the row gives no column at all',
  'duplicate-key': 'an earlier row has the same key',
};

/** A row was refused before it was sent, and nothing of the call was or will be written. */
export class BulkRowError extends Error {
  override readonly name = 'BulkRowError';
  readonly code = 'BULK_ROW_REFUSED';
  /** The kind of what was given instead of a row, when `reason` is `not-a-row`. */
  readonly given: string | undefined;

  constructor(
    readonly entity: string,
    /** Position in the input; the first row is 1. */
    readonly row: number,
    /**
     * The property as the entity names it; the conflict properties joined by commas when `reason` is `duplicate-key`;
     * `*` when it is about the row as a whole.
     */
    readonly column: string,
    readonly reason: BulkRowRefusal,
    { given, ...options }: { readonly given?: string } & ErrorOptions = {},
  ) {
    const place = column === '*' ? '' : ` because of ${JSON.stringify(column)}`;
    const found = given === undefined ? '' : `, but is ${given}`;
    super(`Row ${row} for ${entity} was refused${place}: ${REASONS[reason]}${found}`, options);
    this.given = given;
  }
}

/** The entity has a column of a type that cannot be written in bulk. Nothing was sent. */
export class BulkColumnTypeError extends Error {
  override readonly name = 'BulkColumnTypeError';
  readonly code = 'BULK_COLUMN_TYPE';

  constructor(
    readonly entity: string,
    readonly column: string,
    readonly type: string,
  ) {
    super(`${entity}.${column} has type ${type}, which cannot be written in bulk or searched by`);
  }
}

/** Why an id cannot be looked up. */
export type BulkIdRefusal =
  /** It is no value that a key could have, nor an object with the properties of the key. */
  | 'not-an-id'
  /** A part of the key is missing. */
  | 'incomplete'
  /** It is nothing that the type of its column could hold. */
  | 'wrong-type'
  /** It cannot be turned into text: a function, a NUL character, bytes for another type, or its transformer threw. */
  | 'unreadable'
  /** The row exists, but its stored key reads differently. */
  | 'spelling';

/** What is known of an id that was refused. */
interface BulkIdFacts extends ErrorOptions {
  readonly position?: number | undefined;
  readonly column?: string;
  /** The kind of what was given, or the type of the column. */
  readonly kind?: string;
}

/** An id cannot be looked up as it was given. */
export class BulkIdError extends Error {
  override readonly name = 'BulkIdError';
  readonly code = 'BULK_ID_REFUSED';
  /** Position in the ids, from 1; undefined when there is one id, or the position is not known. */
  readonly position: number | undefined;
  /** The property of the primary key that is the reason, as the entity names it. */
  readonly column: string | undefined;

  constructor(
    readonly entity: string,
    readonly reason: BulkIdRefusal,
    { position, column, kind, ...options }: BulkIdFacts = {},
  ) {
    super(
      reason === 'spelling'
        ? `A row of ${entity} was found whose stored key is written differently from every id asked for`
        : `${position === undefined ? 'An id' : `Id ${position}`} for ${entity} ${explainId(reason, column, kind)}`,
      options,
    );
    this.position = position;
    this.column = column;
  }
}

function explainId(
  reason: Exclude<BulkIdRefusal, 'spelling'>,
  column: string | undefined,
  kind: string | undefined,
): string {
  switch (reason) {
    case 'not-an-id':
      return `must be a value of the primary key or an object with its properties, but is ${kind}`;
    case 'incomplete':
      return `lacks a part of the primary key: ${column}`;
    case 'wrong-type':
      return `cannot be one: ${column} is of type ${kind}`;
    case 'unreadable':
      return `cannot be turned into text: ${column}`;
    default:
      return reason satisfies never;
  }
}

/** A COPY ended without writing anything. `cause` is the server's or the connection's error. */
export class CopyFailedError extends Error {
  override readonly name = 'CopyFailedError';
  readonly code = 'COPY_FAILED';

  constructor(
    readonly entity: string,
    /** Position in the input, from 1, when the server refused a row; not when it was stopped while it was at one. */
    readonly row: number | undefined,
    /** The column as the database names it, when the server refused a row and named one. */
    readonly column: string | undefined,
    cause: Error,
  ) {
    const place = row === undefined ? '' : ` at row ${row}`;
    super(`COPY for ${entity} failed${place}${column === undefined ? '' : `, column ${column}`}`, { cause });
  }
}
