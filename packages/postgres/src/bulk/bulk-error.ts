/** Why a row was not sent. */
export type BulkRowRefusal =
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
  /** A column that this row must give is absent. */
  | 'missing-column'
  /** The row gives a column that the COPY does not write. */
  | 'extra-column'
  /** The row gives no column at all. */
  | 'empty'
  /** An earlier row has the same conflict key. */
  | 'duplicate-key';

const REASONS: Record<BulkRowRefusal, string> = {
  'unknown-column': 'the entity has no such property',
  'not-a-column': 'it has no column of its own in this table',
  expression: 'a function cannot be written in bulk',
  'nul-character': 'PostgreSQL stores no text with a NUL character',
  bytes: 'bytes can only be written into a bytea column',
  'missing-column': 'the row must give it',
  'extra-column': 'it is not among the columns that are copied',
  empty: 'the row gives no column at all',
  'duplicate-key': 'an earlier row has the same key',
};

/** A row was refused before it was sent, and nothing of the call was or will be written. */
export class BulkRowError extends Error {
  override readonly name = 'BulkRowError';
  readonly code = 'BULK_ROW_REFUSED';

  constructor(
    readonly entity: string,
    /** Position in the input; the first row is 1. */
    readonly row: number,
    /** The property as the entity names it; the conflict properties joined by commas when `reason` is `duplicate-key`. */
    readonly column: string,
    readonly reason: BulkRowRefusal,
  ) {
    super(`Row ${row} for ${entity} was refused because of ${JSON.stringify(column)}: ${REASONS[reason]}`);
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

/** An id cannot be looked up as it was given. */
export class BulkIdError extends Error {
  override readonly name = 'BulkIdError';
  readonly code = 'BULK_ID_REFUSED';

  constructor(
    readonly entity: string,
    /** `incomplete`: a part of the key is missing. `spelling`: the row exists, but its stored key reads differently. */
    readonly reason: 'incomplete' | 'spelling',
    /** Position in the ids, from 1; undefined when the position is not known. */
    readonly position?: number,
  ) {
    super(
      reason === 'incomplete'
        ? `Id ${position} for ${entity} lacks a part of the primary key`
        : `A row of ${entity} was found whose stored key is written differently from every id asked for`,
    );
  }
}

/** A COPY ended without writing anything. `cause` is the server's or the connection's error. */
export class CopyFailedError extends Error {
  override readonly name = 'CopyFailedError';
  readonly code = 'COPY_FAILED';

  constructor(
    readonly entity: string,
    /** Position in the input, from 1, when the server named one. */
    readonly row: number | undefined,
    /** The column as the database names it, when the server named one. */
    readonly column: string | undefined,
    cause: Error,
  ) {
    const place = row === undefined ? '' : ` at row ${row}`;
    super(`COPY for ${entity} failed${place}${column === undefined ? '' : `, column ${column}`}`, { cause });
  }
}
