/** Longest line of a generated file, as the formatters of most TypeScript projects would be set to or above. */
const WIDTH = 110;

type Literal =
  | string
  | number
  | boolean
  | readonly Literal[]
  | { readonly [key: string]: Literal | undefined };

/**
 * The value as TypeScript source, laid out as a formatter would: in one line where it fits, else one entry a line.
 *
 * @param indent Columns that the value's closing bracket stands from the left.
 * @param before Columns already taken on its first line, after the indent.
 */
export function renderLiteral(value: Literal, indent: number, before = 0): string {
  if (typeof value === 'string') return renderString(value);
  if (typeof value !== 'object') return String(value);
  const flat = renderFlat(value);
  const isNested = !Array.isArray(value) && indent === ROOT_INDENT;
  if (!isNested && indent + before + flat.length + 1 <= WIDTH) return flat;
  const inner = ' '.repeat(indent + 2);
  const lines = Array.isArray(value)
    ? value.map((entry: Literal) => `${inner}${renderLiteral(entry, indent + 2)},`)
    : entriesOf(value as { [key: string]: Literal }).map(
        ([key, entry]) => `${inner}${renderKey(key)}: ${renderLiteral(entry, indent + 2, key.length + 2)},`,
      );
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${lines.join('\n')}\n${' '.repeat(indent)}${close}`;
}

/** Indent of the statements in a method's body; an object that starts there is always laid out in lines. */
export const ROOT_INDENT = 4;

function renderFlat(value: Literal): string {
  if (typeof value === 'string') return renderString(value);
  if (Array.isArray(value)) return `[${value.map((entry: Literal) => renderFlat(entry)).join(', ')}]`;
  if (typeof value !== 'object') return String(value);
  const entries = entriesOf(value as { [key: string]: Literal });
  return `{ ${entries.map(([key, entry]) => `${renderKey(key)}: ${renderFlat(entry)}`).join(', ')} }`;
}

function entriesOf(value: { readonly [key: string]: Literal | undefined }): [string, Literal][] {
  return Object.entries(value).filter((entry): entry is [string, Literal] => entry[1] !== undefined);
}

function renderKey(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : renderString(key);
}

/** In single quotes, unless that would need more escapes than double quotes. */
function renderString(text: string): string {
  const escaped = JSON.stringify(text);
  const body = escaped.slice(1, -1).replaceAll('\\"', '"');
  const singles = body.split("'").length - 1;
  const doubles = body.split('"').length - 1;
  return singles > doubles ? escaped : `'${body.replaceAll("'", "\\'")}'`;
}
