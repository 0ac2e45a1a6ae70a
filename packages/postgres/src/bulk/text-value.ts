import { prepareValue } from 'pg/lib/utils';

/**
 * The text that PostgreSQL reads as this value, by node-postgres' own rules, so that a value means in bulk what it means
 * as a single parameter. Bytes come back as bytes: only the caller knows whether the column takes them.
 */
export function renderValue(value: unknown): string | Buffer | null {
  return typeof value === 'string' ? value : prepareValue(value);
}

/** An array literal of texts. Every element is quoted, so that the text NULL is not a null. */
export function renderArray(elements: readonly (string | null)[]): string {
  return `{${elements.map(renderElement).join()}}`;
}

const ARRAY_SPECIAL = /["\\]/;
const ARRAY_SPECIALS = /["\\]/g;

function renderElement(element: string | null): string {
  if (element === null) return 'NULL';
  return `"${ARRAY_SPECIAL.test(element) ? element.replace(ARRAY_SPECIALS, '\\$&') : element}"`;
}

const COPY_SPECIAL = /[\\\t\n\r]/;
const COPY_SPECIALS = /[\\\t\n\r]/g;
const COPY_ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
};

/** One field of COPY's text format. A null is `\N`; the text `\N` has its backslash doubled. */
export function renderCopyField(text: string | null): string {
  if (text === null) return '\\N';
  return COPY_SPECIAL.test(text)
    ? text.replace(COPY_SPECIALS, (character) => COPY_ESCAPES[character] ?? character)
    : text;
}
