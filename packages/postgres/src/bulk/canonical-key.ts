import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata';

/**
 * One text for a key, the same for every usual way to write it: UUIDs in any case, integers with or without sign and
 * zeros, `character` with or without padding. Other types are compared as they are written.
 */
export function readCanonicalKey(
  columns: readonly ColumnMetadata[],
  texts: readonly (string | null)[],
): string {
  // NUL occurs in no text, so it separates parts whatever they contain.
  return texts
    .map((text, index) => (text === null ? '\0' : canonicalizePart(columns[index], text)))
    .join('\0');
}

/** An integer as PostgreSQL reads it: its spaces are fewer than those of JavaScript. */
export const INTEGER = /^[ \t\n\v\f\r]*[+-]?\d+[ \t\n\v\f\r]*$/;

/** The same for one column of a key. */
export function canonicalizePart(column: ColumnMetadata | undefined, text: string): string {
  switch (column?.entityMetadata.dataSource.driver.normalizeType(column)) {
    case 'uuid':
      return text.toLowerCase().replaceAll(/[{}-]/g, '');
    case 'smallint':
    case 'integer':
    case 'bigint':
      return INTEGER.test(text) ? String(BigInt(text)) : text;
    case 'character':
      return text.replace(/ +$/, '');
    default:
      return text;
  }
}
