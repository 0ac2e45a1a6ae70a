import { type Html, html } from './html';

export interface Bar {
  readonly name: string;
  /** What is shown when somebody points at it. */
  readonly title: string;
  /** At the right end. */
  readonly note: string;
  /** Side by side, each with the class that colours it. */
  readonly parts: readonly { readonly value: number; readonly className: string }[];
}

const WIDTH = 560;
const ROW = 26;
const NAME = 170;
const NOTE = 150;
const LONGEST_NAME = 22;

/** Horizontal bars, one to a row, on a common scale that ends at `max`; at least one pixel of whatever is not zero. */
export function renderBars(bars: readonly Bar[], max: number, label: string): Html {
  const height = bars.length * ROW;
  const room = WIDTH - NAME - NOTE;
  const rows = bars.map(({ name, title, note, parts }, row) => {
    const y = row * ROW;
    let x = NAME;
    const boxes = parts.map(({ value, className }) => {
      const width = value > 0 ? Math.max(1, Math.min(room, (value / max) * room)) : 0;
      const box = html`<rect class="${className}" x="${round(x)}" y="${y + 6}" width="${round(width)}" height="14"/>`;
      x += width;
      return box;
    });
    return html`<g><title>${title}</title>
<text class="end" x="${NAME - 8}" y="${y + 17}">${shorten(name)}</text>
<rect class="track" x="${NAME}" y="${y + 6}" width="${room}" height="14"/>
${boxes}
<text class="small end" x="${WIDTH}" y="${y + 17}">${note}</text></g>`;
  });
  return html`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">${rows}</svg>`;
}

export function shorten(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
