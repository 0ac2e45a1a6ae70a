import { prepareValue } from 'pg/lib/utils';

/**
 * The text that PostgreSQL reads as this value, by node-postgres' own rules, so that a value means in bulk what it means
 * as a single parameter. Bytes come back as bytes: only the caller knows whether the column takes them.
 */
export function renderValue(value: unknown): string | Buffer | null {
  // An object that JSON leaves out has no text, and is sent as NULL.
  return typeof value === 'string' ? value : (prepareValue(value) ?? null);
}

/**
 * An array literal of texts. Every element that is no null is quoted, so that the text NULL is not a null.
 *
 * JSON quotes as array literals do, its `null` is NULL, and the engine writes it several times as fast as anything here. Only where
 * JSON writes a letter for a character, as it does for a line feed, the literal is put together by hand.
 */
export function renderArray(elements: readonly (string | null)[]): string {
  const json = JSON.stringify(elements);
  return `{${hasLetters(json) ? elements.map(renderElement).join() : json.slice(1, -1)}}`;
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];

/** Whether a backslash stands before anything but a quote or a backslash. */
function hasLetters(json: string): boolean {
  for (let at = json.indexOf('\\'); at >= 0; at = json.indexOf('\\', at + 2)) {
    const code = json.charCodeAt(at + 1);
    if (code !== QUOTE && code !== BACKSLASH) return true;
  }
  return false;
}

function renderElement(element: string | null): string {
  if (element === null) return 'NULL';
  return `"${element.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
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
