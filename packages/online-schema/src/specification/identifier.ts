/** The identifier in double quotes, as PostgreSQL takes any name: quotes inside are doubled. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `"schema"."name"`, or `"name"` alone where the schema is left to the search path. */
export function quoteQualified(schema: string | undefined, name: string): string {
  return schema === undefined ? quoteIdentifier(name) : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** The text as an SQL string literal, for the few statements that take no parameters. */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  // With a backslash inside, only the escape form means the same under every standard_conforming_strings.
  return text.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/** PostgreSQL cuts longer names silently (NAMEDATALEN − 1), after which nobody finds the object by its name. */
export const MAX_IDENTIFIER_BYTES = 63;

/** Whether PostgreSQL would keep the name whole. */
export function isWholeIdentifier(name: string): boolean {
  return name.length > 0 && Buffer.byteLength(name) <= MAX_IDENTIFIER_BYTES && !name.includes('\0');
}
