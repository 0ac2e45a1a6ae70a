/** A door in the exports of pg that its types leave out. */
declare module 'pg/lib/utils' {
  /** What pg sends for a parameter: text, bytes or NULL. */
  export function prepareValue(value: unknown): string | Buffer | null;
}

/** The same. */
declare module 'pg/lib/result' {
  import type { FieldDef, QueryResult } from 'pg';

  /** An answer that comes in, as pg makes it. */
  interface Result extends QueryResult {
    /** Describes the columns of its rows. */
    addFields(fields: readonly Pick<FieldDef, 'name' | 'dataTypeID'>[]): void;
    /** Makes an object of a row by its columns. */
    parseRow(fields: readonly (string | null)[]): unknown;
    addCommandComplete(message: { readonly text: string }): void;
  }

  const Result: new (rowMode: undefined, types: object) => Result;
  export default Result;
}
