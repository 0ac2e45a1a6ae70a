import type { Look } from './look';

// Line and paragraph separators among them: a line of the screen stays one.
const SPACES = /[\s\u0085\u2028\u2029]/gu;

/** Those that change the meaning or the direction of what follows, and halves of characters. */
const CONTROLS = /[\p{Cc}\p{Cs}\p{Co}\p{Bidi_Control}]/gu;

/** What joins or varies the characters around it, of which each terminal makes a different width. */
const JOINERS = /[\p{Cf}\p{Variation_Selector}\p{Emoji_Modifier}\u3164\uffa0\u115f\u1160]/gu;

const BEYOND_ASCII = /[^\p{ASCII}]/gu;

// What is wide in every terminal, by Unicode's East Asian Width. The ranges have characters in them that are not, or not
// yet: a line that is thought too long is cut too early, and one that is thought too short would wrap.
const WIDE =
  /[\u1100-\u115f\u231a\u231b\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4dc0-\u4dff\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u2630-\u2637\u268a-\u268f\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1d300}-\u{1d376}\u{1f000}-\u{1faff}\u{20000}-\u{3fffd}]|(?!\p{ASCII})\p{Emoji}/u;

const NO_WIDTH = /[\p{Mn}\p{Me}]/u;

/**
 * The text without anything that a terminal would obey instead of showing: a query may hold escape sequences, and a name
 * that turns the direction of writing may look like another one. Each such character becomes a question mark, so that
 * it is seen that there was one.
 */
export function neutralise(text: string, { hasUnicode }: Pick<Look, 'hasUnicode'>): string {
  const calm = text.replaceAll(SPACES, ' ').replaceAll(CONTROLS, '?').replaceAll(JOINERS, '');
  return hasUnicode ? calm : calm.replaceAll(BEYOND_ASCII, '?');
}

/** Columns that neutralised text takes; sooner too many than too few. */
export function measure(text: string): number {
  let columns = 0;
  for (const character of text) columns += measureCharacter(character);
  return columns;
}

/** Neutralised text in as many columns, with an ellipsis for what is left out. */
export function cut(text: string, columns: number, look: Pick<Look, 'hasUnicode'>): string {
  if (measure(text) <= columns) return text;
  const end = ellipsis(look);
  return columns < end.length ? '' : headOf(text, columns - end.length).trimEnd() + end;
}

/** What stands for text that is left out. */
export function ellipsis({ hasUnicode }: Pick<Look, 'hasUnicode'>): string {
  return hasUnicode ? '…' : '...';
}

/** As much of the beginning of neutralised text as fits in. */
export function headOf(text: string, columns: number): string {
  let head = '';
  let width = 0;
  for (const character of text) {
    width += measureCharacter(character);
    if (width > columns) break;
    head += character;
  }
  return head;
}

/** Neutralised text in lines of as many columns, broken between words where that is possible. */
export function breakLines(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (measure(longer) <= columns) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (measure(line) > columns) {
      // One character at least, or there would be no end.
      const head = headOf(line, columns) || (line.match(/./u)?.[0] ?? '');
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  if (line !== '') lines.push(line);
  return lines;
}

function measureCharacter(character: string): number {
  if (NO_WIDTH.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
