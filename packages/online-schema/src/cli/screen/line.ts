import type { Look } from './look';
import { cut, ellipsis, headOf, measure, neutralise } from './plain-text';

/** What a colour adds to words that say the same without it. */
export type Tone = 'dim' | 'strong' | 'good' | 'warning';

/** Text, alone or with its tone. */
type Span = string | readonly [tone: Tone, text: string];

/** One line of the screen, from left to right. */
export type Line = readonly Span[];

const SGR: Readonly<Record<Tone, number>> = { dim: 2, strong: 1, good: 32, warning: 33 };

/** The line as it is sent: nothing in it is obeyed but our own colours, and it is not wider than the terminal. */
export function paint(line: Line, look: Look): string {
  const { columns, hasColours } = look;
  const spans = line.map((span) => (typeof span === 'string' ? ([undefined, span] as const) : span));
  const shown = spans.map(([tone, text]) => [tone, neutralise(text, look)] as const);
  const isCut = measure(shown.map(([, text]) => text).join('')) > columns;
  const end = isCut ? ellipsis(look).slice(0, columns) : '';
  let left = columns - end.length;
  let painted = '';
  for (const [tone, text] of shown) {
    const head = headOf(text, left);
    left -= measure(head);
    painted +=
      tone !== undefined && hasColours && head !== '' ? `\u001b[${SGR[tone]}m${head}\u001b[0m` : head;
    // A narrow character of a later span would fit where a wide one did not.
    if (head !== text) break;
  }
  return painted + end;
}

/** A line whose end is seen however long its beginning is. */
export function withTail(beginning: string, tone: Tone | undefined, tail: string, look: Look): Line {
  const room = look.columns - measure(neutralise(tail, look)) - 2;
  const shown = cut(neutralise(beginning, look), Math.max(0, room), look);
  return [tone === undefined ? shown : [tone, shown], ['dim', shown === '' ? tail : `  ${tail}`]];
}
