/** Longest line of a generated file, as the formatters of most TypeScript projects would be set to or above. */
export const WIDTH = 110;

type Literal =
  | string
  | number
  | boolean
  | readonly Literal[]
  | { readonly [key: string]: Literal | undefined };

/** Where a value stands in the file. */
export interface Place {
  /** Columns that the line of the value's closing bracket is indented by. */
  readonly indent: number;
  /** Columns taken on its first line after the indent, and after its last character. Default 0. */
  readonly around?: number;
  /** In lines, even where it would fit in one. Default false. */
  readonly spread?: boolean;
}

/** The value as TypeScript source, laid out as a formatter would: in one line where it fits, else an entry a line. */
export function renderLiteral(value: Literal, { indent, around = 0, spread = false }: Place): string {
  if (typeof value !== 'object') return renderFlat(value);
  const flat = renderFlat(value);
  if (!spread && indent + around + flat.length <= WIDTH) return flat;
  const entries = Array.isArray(value)
    ? value.map((entry: Literal) => ({ label: '', entry }))
    : entriesOf(value as { [key: string]: Literal }).map(([key, entry]) => ({
        label: `${renderKey(key)}: `,
        entry,
      }));
  const inner = indent + 2;
  const lines = entries.map(({ label, entry }) => {
    // The comma stands after it.
    const text = renderLiteral(entry, { indent: inner, around: label.length + 1 });
    return `${' '.repeat(inner)}${label}${text},`;
  });
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${lines.join('\n')}\n${' '.repeat(indent)}${close}`;
}

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
