const CUT = '…';
const HIDDEN = '?';

/**
 * The parts of a statement that decide what is a literal, each from its first character. A text that was cut may end
 * inside of one, so every closing mark may be missing: what follows an opening one is then hidden to the end.
 */
const PART = new RegExp(
  [
    String.raw`(?<comment>--[^\n]*|\/\*)`,
    '(?<name>"(?:[^"]|"")*"?)',
    // E'…' alone knows the backslash; the other prefixes are B, X, N and U&.
    String.raw`(?<text>[eE]'(?:[^'\\]|\\[^]|'')*\\?'?|(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*'?)`,
    // A dollar after a word belongs to the word, which is why words are read whole.
    String.raw`(?<dollars>\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)`,
    String.raw`(?<placeholder>\$\d+)`,
    String.raw`(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`,
    String.raw`(?<number>0[xXoObB][\da-fA-F_]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?)`,
  ].join('|'),
  'g',
);

/**
 * Shows a statement in at most `maxLength` characters. One with placeholders is shown as it was written: its values
 * travel apart. In any other, literals become `?` and comments are left out, since whoever wrote the values into the
 * text may have written them there as well. `true`, `false` and `null` stay.
 *
 * It reads words, not grammar, and leans to hiding: a text it cannot follow is hidden to its end.
 */
export function describeStatement(statement: string, maxLength: number): string {
  const isCut = statement.length > maxLength;
  const text = isCut ? statement.slice(0, maxLength - CUT.length) : statement;
  return `${hideLiterals(text)}${isCut ? CUT : ''}`;
}

/** Longer texts are mostly written by a program for one use. */
const MAX_REMEMBERED_LENGTH = 16_384;

/**
 * Makes a `describeStatement` for a path on which the same statements come again and again: it remembers what it has shown.
 * At most `capacity` statements are kept, none that is very long; when they are full, it begins anew.
 */
export function createStatementDescriber(maxLength: number, capacity: number): (statement: string) => string {
  const remembered = new Map<string, string>();
  return (statement) => {
    const known = remembered.get(statement);
    if (known !== undefined) return known;
    const shown = describeStatement(statement, maxLength);
    if (statement.length <= MAX_REMEMBERED_LENGTH) {
      if (remembered.size >= capacity) remembered.clear();
      remembered.set(statement, shown);
    }
    return shown;
  };
}

function hideLiterals(text: string): string {
  let shown = '';
  let at = 0;
  PART.lastIndex = 0;
  for (let match = PART.exec(text); match !== null; match = PART.exec(text)) {
    const { comment, text: literal, dollars, placeholder, number } = match.groups ?? {};
    if (placeholder !== undefined) return text;
    shown += text.slice(at, match.index);
    at = PART.lastIndex;
    if (comment === '/*') at = findCommentEnd(text, at);
    else if (dollars !== undefined) at = findDollarsEnd(text, dollars, at);
    if (literal !== undefined || dollars !== undefined || number !== undefined) shown += HIDDEN;
    else if (comment === undefined) shown += match[0];
    PART.lastIndex = at;
  }
  return shown + text.slice(at);
}

function findDollarsEnd(text: string, mark: string, from: number): number {
  const end = text.indexOf(mark, from);
  return end < 0 ? text.length : end + mark.length;
}

/** Comments nest in PostgreSQL. */
function findCommentEnd(text: string, from: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = from;
  let depth = 1;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return text.length;
}
