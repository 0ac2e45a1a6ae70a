/**
 * Classes of SQLSTATE that are about rows: cardinality (two rows with one key), data, constraints, check options of views,
 * and what a trigger raises. All others, among them what may pass, are about the server, the connection or the statement.
 */
const REFUSALS: ReadonlySet<string> = new Set(['21', '22', '23', '44', 'P0']);

/** What the server says of an error, as far as it is looked at here. */
interface ServerError {
  readonly code?: string | undefined;
  readonly where?: string | undefined;
}

/** Asks whether the server refused a row, rather than ended or could not run what it was doing. */
export function isRowRefusal({ code = '', where }: ServerError): boolean {
  // Types of extensions, and those of text search, call a value that they cannot read a syntax error. One of the statement
  // itself has no context.
  if (code === '42601') return where !== undefined;
  return REFUSALS.has(code.slice(0, 2));
}
